"""What is said of a whole run."""

from collections.abc import Generator

import pytest
from support.browsers import NO_BROWSER, REQUIRED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # From the reports: where several processes share the tests, this one has run none itself.
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NO_BROWSER in str(report.longrepr) for report in skipped):
        terminalreporter.section("browser")
        terminalreporter.line(
            f"browser tests left out: {NO_BROWSER}; {REQUIRED}=1 makes this a failure"
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    # What a test has logged or printed travels to another process, which takes no lone surrogates.
    report = yield
    report.sections = [(name, _sendable(text)) for name, text in report.sections]
    return report


def _sendable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()

"""What is said of a whole run."""

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

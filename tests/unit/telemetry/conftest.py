"""A journal that writes where a test can read, and a clean logging afterwards."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from otp_service.telemetry import Instruments, TelemetryJournal, bind_request_id, configure_logs

APPLICATIONS = ("shop", "bank")
REASONS = ("code_0", "code_9002", "timeout")

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    bind_request_id(None)


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    """Read what was logged: every line must be one JSON object."""
    return lambda: [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]


@pytest.fixture
def instruments() -> Instruments:
    return Instruments()


@pytest.fixture
def journal(stream: io.StringIO, instruments: Instruments) -> TelemetryJournal:
    configure_logs("debug", stream=stream)
    return TelemetryJournal(applications=APPLICATIONS, reasons=REASONS, instruments=instruments)


@pytest.fixture
def exposed(instruments: Instruments) -> Callable[[], str]:
    """Give the samples of the exposition that do not stand at zero."""

    def expose() -> str:
        text = instruments.render()[0].decode()
        samples = (line for line in text.splitlines() if not line.startswith("#"))
        return "\n".join(sample for sample in samples if not sample.endswith(" 0.0"))

    return expose

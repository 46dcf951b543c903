"""What tests of whole parts change in this process, put back: environment, logs, signals."""

import logging
import os
import signal
import threading
from collections.abc import Iterator, MutableMapping

import pytest
import structlog
from werkzeug.serving import make_server

from otp_service.simulator.app import create_simulator

# Imported before any test: one may name a directory in which several workers count.
from otp_service.telemetry import bind_request_id


@pytest.fixture
def environ() -> Iterator[MutableMapping[str, str]]:
    """This process' environment without settings of the service; whatever is changed is undone."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("OTP_", "HTTP_", "PROMETHEUS_")):
            del os.environ[name]
    yield os.environ
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def logs() -> Iterator[None]:
    """Logging that may be configured anew."""
    loggers = [logging.getLogger(name) for name in (None, "_granian", "granian.access")]
    before = [(each.handlers[:], each.level, each.propagate) for each in loggers]
    yield
    for each, (handlers, level, propagate) in zip(loggers, before, strict=True):
        each.handlers[:], each.propagate = handlers, propagate
        each.setLevel(level)
    structlog.reset_defaults()
    bind_request_id(None)


@pytest.fixture
def signals() -> Iterator[None]:
    """Handlers of signals that may be set anew."""
    named = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.getsignal(each) for each in named}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.fixture
def provider() -> Iterator[str]:
    """The address of a provider simulator of the test's own."""
    server = make_server("127.0.0.1", 0, create_simulator(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()

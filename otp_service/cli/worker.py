"""What a worker process of the production server runs.

The server copies a worker's environment into every request's, where ``HTTP_AUTHORIZATION`` would be
a header that nobody sent and a secret would be within reach of any middleware. So once an
application has read the environment, what could do harm there is removed from it.
"""

import json
import multiprocessing
import os
import signal
import threading
import time
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from flask import Flask

from otp_service.cli.stale_connections import watch_connections
from otp_service.cli.standing import is_ending

if TYPE_CHECKING:  # the simulator's worker needs none
    from otp_service.settings import Settings

_SIMULATOR_OPTIONS = "OTP_SIMULATOR_OPTIONS"
_LOOKS_EVERY = timedelta(seconds=5)
_SIMULATOR_ENDS_WITHIN = timedelta(seconds=2)
_HARMFUL_PREFIXES = ("OTP_", "HTTP_")
_HARMFUL = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_ADDR", "REQUEST_METHOD"})


class _Told:
    """What the server said before it forked this worker."""

    settings: "Settings | None" = None


def serve_service_with(settings: "Settings") -> None:
    """Tell workers to come their settings.

    So all are of one mind, and one that replaces another does not depend on what the sources have
    become since.
    """
    _Told.settings = settings


def serve_simulator_with(**options: Any) -> None:
    """Tell the worker to come what its simulator begins with, in values that JSON knows."""
    os.environ[_SIMULATOR_OPTIONS] = json.dumps(options)


def create_service() -> Flask:
    """Give the service as the server or else the environment says, and clear the environment."""
    # The simulator's worker needs none of this.
    from otp_service.cli.server import last_requests_seconds, longest_silence  # noqa: PLC0415
    from otp_service.settings import load_settings  # noqa: PLC0415
    from otp_service.wiring import wire_api  # noqa: PLC0415

    settings = _Told.settings or load_settings()
    ending = _tie_to_server(timedelta(seconds=last_requests_seconds(settings)))
    app = wire_api(settings, is_ending=is_ending)
    _clear_environment()
    watch_connections(
        settings.port, longest=longest_silence(settings), every=_LOOKS_EVERY, until=ending
    )
    return app


def create_simulator() -> Flask:
    """Give the simulator as its command said, and clear the environment."""
    # The service's worker needs none of this.
    from otp_service.simulator import app as simulator  # noqa: PLC0415
    from otp_service.simulator.terms import Terms, changed  # noqa: PLC0415

    _tie_to_server(_SIMULATOR_ENDS_WITHIN)
    options = json.loads(os.environ.get(_SIMULATOR_OPTIONS, "{}"))
    _clear_environment()
    terms = changed(Terms(), options.pop("terms", {}))
    return simulator.create_simulator(terms=terms, **options)


def _tie_to_server(within: timedelta) -> threading.Event:
    """Let this worker end when the server is gone; what is given is set then.

    A server that was killed ends no worker: they would go on serving with settings that nobody can
    change any more.

    Args:
        within: how long requests under way may take to end.
    """
    ending = threading.Event()
    server = multiprocessing.parent_process()
    if server is not None:
        watch = (server, ending, within)
        threading.Thread(target=_end_with, args=watch, daemon=True).start()
    return ending


def _end_with(server: BaseProcess, ending: threading.Event, within: timedelta) -> None:
    server.join()
    ending.set()
    os.kill(os.getpid(), signal.SIGTERM)
    # The library loses a signal that comes between its handler and its serving, and nobody is
    # left to send another.
    time.sleep(within.total_seconds())
    os.kill(os.getpid(), signal.SIGKILL)


def _clear_environment() -> None:
    for name in list(os.environ):
        if name.startswith(_HARMFUL_PREFIXES) or name in _HARMFUL:
            del os.environ[name]

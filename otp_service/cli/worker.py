"""What a worker process of the production server runs.

The server copies a worker's environment into every request's, where ``HTTP_AUTHORIZATION`` would be
a header that nobody sent and a secret would be within reach of any middleware. So once an
application has read the environment, what could do harm there is removed from it.
"""

import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess

from flask import Flask

_SIMULATOR_DIALECT = "OTP_SIMULATOR_DIALECT"
_HARMFUL_PREFIXES = ("OTP_", "HTTP_")
_HARMFUL = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_ADDR", "REQUEST_METHOD"})


def serve_with_dialect(dialect: str) -> None:
    """Tell the workers to come which spelling of the template fields the simulator takes."""
    os.environ[_SIMULATOR_DIALECT] = dialect


def create_service() -> Flask:
    """Give the service as the environment says, and clear the environment."""
    from otp_service.app import create_app  # noqa: PLC0415 - the simulator's worker needs none

    _tie_to_server()
    app = create_app()
    _clear_environment()
    return app


def create_simulator() -> Flask:
    """Give the simulator as its command said, and clear the environment."""
    from otp_service.simulator import app as simulator  # noqa: PLC0415 - nor the service's this

    _tie_to_server()
    dialect = os.environ.get(_SIMULATOR_DIALECT, "either")
    _clear_environment()
    return simulator.create_simulator(dialect=dialect)  # type: ignore[arg-type]


def _tie_to_server() -> None:
    """Let this worker end when the server is gone.

    A server that was killed ends no worker: they would go on serving with settings that nobody can
    change any more.
    """
    server = multiprocessing.parent_process()
    if server is not None:
        threading.Thread(target=_end_with, args=(server,), daemon=True).start()


def _end_with(server: BaseProcess) -> None:
    server.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _clear_environment() -> None:
    for name in list(os.environ):
        if name.startswith(_HARMFUL_PREFIXES) or name in _HARMFUL:
            del os.environ[name]

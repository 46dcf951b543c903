"""Logs: one JSON object a line on standard output, our own events and libraries' messages alike."""

import json
import logging
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TextIO

import structlog
from structlog.types import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from otp_service.telemetry.cutting import Net

# Libraries that bring handlers of their own, which write plain text.
_WITH_OWN_HANDLERS = ("_granian", "granian.access", "werkzeug", "urllib3")
# Their debug messages repeat what was sent, key names and all.
_NEVER_AT_DEBUG = ("redis", "urllib3")

_request_id: ContextVar[str | None] = ContextVar("otp_request_id", default=None)


def bind_request_id(request_id: str | None) -> None:
    """Write this id into every further line of the current request, thread or context."""
    _request_id.set(request_id)


def configure_logs(
    level: str, *, secrets: Iterable[str] = (), stream: TextIO | None = None
) -> None:
    """Send everything this process logs to one stream, as one JSON object a line.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``; nothing below it is written.
        secrets: texts to cut out wherever they appear.
        stream: standard output if None.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    output = stream or sys.stdout
    net = Net(secrets)
    _configure_events(threshold, output, net)
    _configure_libraries(threshold, output, net)


def event_logger() -> FilteringBoundLogger:
    """Give the logger of our own events, as it is configured now."""
    logger: FilteringBoundLogger = structlog.get_logger().bind()
    return logger


def _configure_events(threshold: int, output: TextIO, net: Net) -> None:
    structlog.configure(
        processors=[structlog.processors.add_log_level, *_last_processors(net)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=False,
    )


def _configure_libraries(threshold: int, output: TextIO, net: Net) -> None:
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                *_last_processors(net),
            ],
        )
    )
    logging.basicConfig(level=threshold, handlers=[handler], force=True)
    for name in _WITH_OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _NEVER_AT_DEBUG:
        logging.getLogger(name).setLevel(max(threshold, logging.INFO))


def _last_processors(net: Net) -> list[Processor]:
    """Give what every line goes through, whoever wrote it."""
    # ASCII alone: control characters, line separators and lone surrogates become escapes, so that
    # no value can end a line or fail to be written.
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode

    def arrange(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
        request_id = _request_id.get()
        head = {
            "timestamp": fields.pop("timestamp"),
            "level": fields.pop("level"),
            "event": net.cut(fields.pop("event")),
        }
        if request_id is not None:
            head["request_id"] = net.cut(request_id)
        return {**head, **{name: net.cut(value) for name, value in fields.items()}}

    def render(_logger: WrappedLogger, _method: str, fields: EventDict) -> str:
        return encode(fields)

    return [structlog.processors.TimeStamper(fmt="iso", utc=True), arrange, render]

"""What operators see: one JSON object a log line, and Prometheus metrics."""

from otp_service.telemetry.instruments import Instruments, render_metrics
from otp_service.telemetry.journal import TelemetryJournal
from otp_service.telemetry.logs import bind_request_id, configure_logs

__all__ = [
    "Instruments",
    "TelemetryJournal",
    "bind_request_id",
    "configure_logs",
    "render_metrics",
]

"""What operators see: one JSON object a log line, and Prometheus metrics."""

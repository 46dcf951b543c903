"""Results as a whole run leaves them."""

from typing import Any

import pytest

from benchmarks import cells

_FIELDS = ("rate", "p50_ms", "p99_ms", "redis_cpu", "commands", "round_trips", "redis_bytes")


@pytest.fixture
def whole() -> dict[str, Any]:
    run = {**dict.fromkeys(_FIELDS, 1.0), "server_cpu": 2.0, "worker_mb": 80.0}
    every = [cell.name for cell in (*cells.LOADS, *cells.GROWTH)]
    trips = ("verify, wrong code", "verify, right code", "start", "resend", "receipt")
    return {
        "cells": {name: {"runs": [run], "not_run": "", "is_wrong": False} for name in every},
        "round_trips": dict.fromkeys(trips, 1),
        "start_up": {"serve": 1.0, "serve_cpu": 1.5, "help": 0.2},
        "memory": {"verification": 800.0, "genuine": 810.0, "live": 100_000, "of it: record": 500},
        "machine": {"cores": "2"},
        "versions": {"Python": "3"},
        "run": {"rounds": 1, "seconds": 1.0, "live": 1_000_000, "took_seconds": 60},
    }

import os
import subprocess
import sys

from prometheus_client import REGISTRY

from otp_service.domain.events import ProofChecked
from otp_service.telemetry import Instruments, TelemetryJournal, render_metrics

COUNT_ONE = """
from otp_service.domain.events import ProofChecked
from otp_service.telemetry import TelemetryJournal, configure_logs, render_metrics
configure_logs("error")
journal = TelemetryJournal(applications=["shop"], reasons=[])
journal.record(ProofChecked("shop", "active"))
print(render_metrics()[0].decode())
"""
ACTIVE = 'otp_proofs_total{application="shop",outcome="active"}'


def _run_worker(directory):
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(directory)}
    worker = subprocess.run(
        [sys.executable, "-W", "error", "-c", COUNT_ONE],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return worker.stdout.splitlines()


def test_every_worker_process_shows_what_all_have_counted(tmp_path):
    first = _run_worker(tmp_path)
    second = _run_worker(tmp_path)

    assert f"{ACTIVE} 1.0" in first
    assert f"{ACTIVE} 2.0" in second


def test_process_that_has_counted_nothing_shows_the_others_counts(tmp_path, monkeypatch):
    _run_worker(tmp_path)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    body, _ = render_metrics()

    assert f"{ACTIVE} 1.0" in body.decode().splitlines()


def test_one_process_shows_its_own(stream):
    journal = TelemetryJournal(applications=["shop"], reasons=[])

    journal.record(ProofChecked("shop", "active"))

    body, content_type = render_metrics()
    assert ACTIVE in body.decode()
    assert content_type.startswith("text/plain; version=")


def test_nothing_is_left_in_the_registry_of_the_library():
    Instruments()

    assert not [metric for metric in REGISTRY.collect() if metric.name.startswith("otp_")]

import os
import subprocess
import sys
from contextlib import contextmanager

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


TURN = """
import sys
from contextlib import contextmanager
from otp_service.domain.events import CircuitTurned
from otp_service.telemetry import TelemetryJournal, configure_logs
configure_logs("error")
journal = TelemetryJournal(applications=["shop"], reasons=[])
for turn in sys.argv[1:]:
    journal.record(CircuitTurned("viber", turn))
print("told", flush=True)
sys.stdin.read()
"""


@contextmanager
def worker_that_turns(directory, *turns):
    """Run a worker process whose Viber circuit turned so, until the block ends."""
    worker = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", TURN, *turns],
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(directory)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout.readline() == "told\n"
        yield worker
        worker.stdin.close()


def _open_circuits(directory, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(directory))
    return sorted(
        line
        for line in render_metrics()[0].decode().splitlines()
        if line.startswith("otp_provider_circuit_open") and "viber" in line
    )


def test_circuits_that_are_open_are_counted_over_all_workers(tmp_path, monkeypatch):
    with (
        worker_that_turns(tmp_path, "opened"),
        worker_that_turns(tmp_path, "opened", "closed", "opened"),
        worker_that_turns(tmp_path, "opened", "closed"),
    ):
        assert _open_circuits(tmp_path, monkeypatch) == [
            'otp_provider_circuit_openings_total{channel="viber"} 4.0',
            'otp_provider_circuit_open{channel="viber"} 2.0',
        ]


def test_circuit_of_a_worker_that_was_killed_is_open_no_more(tmp_path, monkeypatch):
    with worker_that_turns(tmp_path, "opened") as worker:
        worker.kill()
        worker.wait(30)

    assert _open_circuits(tmp_path, monkeypatch) == [
        'otp_provider_circuit_openings_total{channel="viber"} 1.0'
    ]


def test_circuit_is_shown_as_closed_before_it_ever_opened(journal, instruments):
    text = instruments.render()[0].decode()

    assert 'otp_provider_circuit_open{channel="viber"} 0.0' in text
    assert 'otp_provider_circuit_openings_total{channel="sms"} 0.0' in text


def test_process_that_is_only_about_to_count_keeps_no_metric_from_being_shown(
    tmp_path, monkeypatch
):
    _run_worker(tmp_path)
    (tmp_path / "counter_4711.db").touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    body, _ = render_metrics()

    assert f"{ACTIVE} 1.0" in body.decode().splitlines()

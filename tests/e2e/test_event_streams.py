import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.processes import await_answer, clean_environ, cli, free_port
from support.redis_servers import wait_until


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port, log = free_port(), tmp_path / "log"
    with cli("simulator", "--port", str(port), environ=clean_environ(), log=log) as process:
        await_answer(f"http://127.0.0.1:{port}/", process, log)
        yield f"http://127.0.0.1:{port}", process


def stream(address: str) -> requests.Response:
    return requests.get(f"{address}/events", stream=True, timeout=15)


def test_event_comes_through_the_server_as_it_happens(
    simulator: tuple[str, subprocess.Popen[bytes]],
) -> None:
    address, _ = simulator
    with stream(address) as answer:
        lines = (line for line in answer.iter_lines(chunk_size=1) if line.startswith(b"data:"))
        before = next(lines)

        requests.delete(f"{address}/simulator/messages", timeout=15)

        assert next(lines) != before


def test_reader_that_left_frees_its_place(
    simulator: tuple[str, subprocess.Popen[bytes]],
) -> None:
    address, _ = simulator
    streams = [stream(address) for _ in range(6)]
    for each in streams:
        each.close()

    def is_taken() -> bool:
        with stream(address) as answer:
            return answer.status_code == 200

    assert [each.status_code for each in streams] == [200] * 5 + [503]
    wait_until(is_taken, what="a place is free")


def test_server_ends_at_once_though_a_page_is_open(
    simulator: tuple[str, subprocess.Popen[bytes]],
) -> None:
    address, process = simulator
    with stream(address):
        process.terminate()

        assert process.wait(3) == 0

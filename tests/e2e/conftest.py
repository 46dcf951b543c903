import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.caller import Caller
from support.deployments import Demo, Deploying, Deployment
from support.processes import await_answer, clean_environ, cli, free_port
from support.redis_servers import wait_until


@pytest.fixture
def fresh_number() -> Callable[[], str]:
    numbers = _NUMBERS
    return lambda: f"+38067{next(numbers):07d}"


_NUMBERS = itertools.count(1_000_000)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    port, simulator_port = free_port(), free_port()
    log = tmp_path_factory.mktemp("demo") / "log"
    ports = ["--port", str(port), "--simulator-port", str(simulator_port)]
    with cli("demo", *ports, environ=clean_environ(), log=log) as process:
        caller = Caller(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator_port}")
        await_answer(f"{caller.service}/healthz", process, log)
        wait_until(lambda: "Ctrl-C" in log.read_text(), what="the demo says what it is")
        yield Demo(caller, log, port, simulator_port)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deploying(tmp_path_factory.mktemp("deployment")) as deployed:
        yield deployed


@pytest.fixture
def own_deployment(tmp_path: Path) -> Iterator[Deployment]:
    with Deploying(tmp_path) as deployed:
        yield deployed

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.deployments import Demo, Deploying, Deployment, running_demo


@pytest.fixture
def fresh_number() -> Callable[[], str]:
    numbers = _NUMBERS
    return lambda: f"+38067{next(numbers):07d}"


# A few a range: the fraud guard would shut one range for so many starts.
_NUMBERS = itertools.count(1_000_000, 1_009)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deploying(tmp_path_factory.mktemp("deployment")) as deployed:
        yield deployed


@pytest.fixture
def own_deployment(tmp_path: Path) -> Iterator[Deployment]:
    with Deploying(tmp_path) as deployed:
        yield deployed

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from otp_service.cli import standing as module
from otp_service.cli.standing import Stage, Standing, is_ending, take_up


@pytest.fixture(autouse=True)
def no_worker() -> Iterator[None]:
    yield
    module._Own.standing = None


def answer(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("X-Own", "1")])
    return [b"done"]


def headers_of(application: Any) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    assert application({}, lambda _, headers: told.extend(headers)) == [b"done"]
    return told


def test_a_worker_serves_once_its_application_is_there() -> None:
    standing = Standing()
    seen: list[Stage] = []

    take_up(standing, lambda: seen.append(standing.stage) or answer)

    assert [*seen, standing.stage] == [Stage.LOADING, Stage.SERVING]


@pytest.mark.parametrize("stage", list(Stage))
def test_only_who_leaves_closes_connections(stage: Stage) -> None:
    standing = Standing()
    application = take_up(standing, lambda: answer)
    standing.reach(stage)

    closed = ("Connection", "close") in headers_of(application)

    assert closed is (stage in {Stage.LEAVING, Stage.ENDING})
    assert ("X-Own", "1") in headers_of(application)


@pytest.mark.parametrize("stage", list(Stage))
def test_only_the_end_of_all_sends_callers_elsewhere(stage: Stage) -> None:
    standing = Standing()
    take_up(standing, lambda: answer)
    standing.reach(stage)

    assert is_ending() is (stage is Stage.ENDING)


def test_what_is_no_worker_never_ends() -> None:
    assert not is_ending()


def test_no_stage_is_gone_back_to() -> None:
    standing = Standing()
    standing.reach(Stage.ENDING)

    take_up(standing, lambda: answer)

    assert standing.stage is Stage.ENDING

"""One operation is one round trip, and a script that a server forgot runs once all the same."""

import pytest
from support.store_view import StoreView, WatchedConnection
from support.verifications import OPERATIONS, WRONG_PIN, Desk, Operation

from otp_service.ports import Verdict


@pytest.fixture(params=OPERATIONS.values(), ids=OPERATIONS.keys())
def operation(request: pytest.FixtureRequest) -> Operation:
    return request.param


def test_operation_is_one_command(
    desk: Desk, watched: WatchedConnection, operation: Operation
) -> None:
    at = desk.start()
    operation(desk, desk.start())
    watched.commands.clear()

    operation(desk, at)

    assert watched.commands == ["EVALSHA"]


def test_script_that_was_flushed_away_is_sent_again_and_runs_once(
    desk: Desk, watched: WatchedConnection, view: StoreView, operation: Operation
) -> None:
    at, reference = desk.start(), desk.start()
    operation(desk, reference)
    view.forget_scripts()
    watched.commands.clear()

    operation(desk, at)

    assert watched.commands == ["EVALSHA", "EVAL"]


def test_guess_with_a_flushed_script_is_counted_once(desk: Desk, view: StoreView) -> None:
    started = desk.start()
    view.forget_scripts()

    judged = desk.guess(started.id, WRONG_PIN)

    assert judged.verdict is Verdict.INCORRECT
    assert desk.read(started.id).attempts_left == 4

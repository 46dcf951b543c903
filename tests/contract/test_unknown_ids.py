"""An id that was never given costs exactly what a living one does, so that time tells nothing."""

from dataclasses import replace

import pytest
from support.store_view import StoreView, WatchedConnection
from support.verifications import IDS, OPERATIONS, OTHER_PHONE, PHONE, Desk

ASKED_BY_ID = ["wrong guess", "right guess", "resend", "cancel", "prove"]


@pytest.mark.parametrize("phone", [PHONE, OTHER_PHONE], ids=["known number", "unknown number"])
@pytest.mark.parametrize("asked", ASKED_BY_ID)
def test_unknown_id_takes_the_same_commands_and_leaves_nothing(
    desk: Desk, watched: WatchedConnection, view: StoreView, asked: str, phone: str
) -> None:
    living, other = desk.start(), desk.start()
    OPERATIONS[asked](desk, other)
    # Once before: on a cluster each server is sent a script on its own first use.
    OPERATIONS[asked](desk, replace(living, id=IDS.new(phone)))
    watched.commands.clear()
    OPERATIONS[asked](desk, living)
    for_living = list(watched.commands)
    watched.commands.clear()
    before = view.standing()

    OPERATIONS[asked](desk, replace(living, id=IDS.new(phone)))

    assert watched.commands == for_living == ["EVALSHA"]
    assert view.standing() == before

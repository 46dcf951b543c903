"""What a provider tells of a message: kept under its own id, and moved forward only."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from redis.exceptions import ResponseError
from support.parallel import side_by_side
from support.store_view import StoreView, WatchedConnection
from support.verifications import IDS, PHONE, REQUEST_ID, Desk, new_verification

from otp_service.domain.receipt import Cost
from otp_service.domain.verification import Channel, DeliveryState, Status, Verification
from otp_service.errors import StoreUnavailable
from otp_service.ports import SendOutcome

ACCEPTED, DELIVERED, SEEN, FAILED, EXPIRED = (
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.SEEN,
    DeliveryState.FAILED,
    DeliveryState.EXPIRED,
)
COST = Cost("USD", Decimal("0.0125"), "OtpTemplate")
OTHER_ID = "0" * 32
MESSAGE = f"otp1:m:{REQUEST_ID}".encode()


def state_of(desk: Desk, started: Verification) -> DeliveryState:
    return desk.read(started.id).last_delivery.state


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([ACCEPTED], ACCEPTED),
        ([ACCEPTED, DELIVERED, SEEN], SEEN),
        ([DELIVERED, ACCEPTED], DELIVERED),
        ([SEEN, DELIVERED, ACCEPTED], SEEN),
        ([DELIVERED, DELIVERED], DELIVERED),
        ([FAILED, DELIVERED], FAILED),
        ([FAILED, SEEN], FAILED),
        ([FAILED, EXPIRED], FAILED),
        ([EXPIRED, FAILED], EXPIRED),
        ([EXPIRED, ACCEPTED], EXPIRED),
        ([EXPIRED, DELIVERED], DELIVERED),
        ([EXPIRED, SEEN], SEEN),
        ([DELIVERED, FAILED], DELIVERED),
        ([DELIVERED, EXPIRED], DELIVERED),
        ([SEEN, EXPIRED], SEEN),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
def test_state_only_moves_forward(
    desk: Desk, told: list[DeliveryState], state: DeliveryState
) -> None:
    started = desk.start(request_id=REQUEST_ID)

    for each in told:
        desk.receive(each)

    assert state_of(desk, started) is state


def test_receipt_says_whether_it_was_news(desk: Desk) -> None:
    desk.start(request_id=REQUEST_ID)

    news = [desk.receive(state) for state in (DELIVERED, DELIVERED, SEEN, DELIVERED)]

    assert [each.is_move for each in news] == [True, False, True, False]
    assert [each.state for each in news] == [DELIVERED, DELIVERED, SEEN, SEEN]


def test_each_state_is_shown_with_its_time_by_the_store_s_clock(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start(request_id=REQUEST_ID)
    before_ms = view.now_ms()

    desk.receive(DELIVERED)
    desk.receive(SEEN)

    reached = desk.read(started.id).last_delivery.reached
    assert set(reached) == {DELIVERED, SEEN}
    moments = [before_ms, *(round(at.timestamp() * 1000) for at in reached.values())]
    assert moments == sorted(moments)
    assert moments[-1] <= view.now_ms()


def test_receipt_tells_whose_message_it_is(desk: Desk) -> None:
    started = desk.start(request_id=REQUEST_ID)

    message = desk.receive(DELIVERED).message

    assert message is not None
    assert IDS.join(message.random, message.number_tag) == started.id
    assert (message.application_id, message.channel, message.country, message.send) == (
        "shop",
        Channel.VIBER,
        "UA",
        1,
    )


def test_receipt_of_an_unknown_message_is_kept_for_two_days(desk: Desk, view: StoreView) -> None:
    news = desk.receive(DELIVERED, OTHER_ID)

    assert news.message is None
    (left,) = view.left().values()
    assert timedelta(hours=47, minutes=59) < left <= timedelta(hours=48)


@pytest.mark.parametrize("state", [DELIVERED, FAILED], ids=str)
def test_receipt_that_came_before_our_own_send_returned_is_found_by_it(
    desk: Desk, state: DeliveryState
) -> None:
    started = desk.started()
    desk.receive(state, is_number_refused=state is FAILED)

    settled = desk.store.settle(started, SendOutcome.ACCEPTED, REQUEST_ID)

    assert settled.early is not None
    assert settled.early.state is state
    assert settled.early.is_number_refused is (state is FAILED)
    assert settled.early.message is not None
    assert state_of(desk, started) is state


def test_send_without_an_early_receipt_has_none(desk: Desk) -> None:
    started = desk.started()

    assert desk.store.settle(started, SendOutcome.ACCEPTED, REQUEST_ID).early is None


def test_cost_is_given_out_once_a_message(desk: Desk) -> None:
    desk.start(request_id=REQUEST_ID)

    first = desk.receive(ACCEPTED, cost=COST)
    again = [desk.receive(state, cost=COST) for state in (ACCEPTED, DELIVERED, SEEN)]

    assert first.cost == COST
    assert [news.cost for news in again] == [None, None, None]


def test_first_cost_told_is_the_one_that_counts(desk: Desk) -> None:
    desk.receive(ACCEPTED, cost=COST)
    desk.receive(DELIVERED, cost=Cost("EUR", Decimal(9), "Session"))
    started = desk.started()

    settled = desk.store.settle(started, SendOutcome.ACCEPTED, REQUEST_ID)

    assert settled.early is not None
    assert settled.early.cost == COST


def test_cost_that_came_early_is_given_out_once_its_message_is_known(desk: Desk) -> None:
    unknown = desk.receive(DELIVERED, cost=COST)
    started = desk.started()

    settled = desk.store.settle(started, SendOutcome.ACCEPTED, REQUEST_ID)

    assert unknown.cost is None
    assert settled.early is not None
    assert settled.early.cost == COST
    assert desk.receive(SEEN, cost=COST).cost is None


def test_cost_is_given_out_once_to_many_receipts_at_once(desk: Desk) -> None:
    desk.start(request_id=REQUEST_ID)

    news = side_by_side([lambda: desk.receive(DELIVERED, cost=COST)] * 16)

    assert [each.cost for each in news if each.cost] == [COST]
    assert sum(each.is_move for each in news) == 1


def test_message_of_one_id_says_nothing_of_another(desk: Desk) -> None:
    started = desk.start(request_id=REQUEST_ID)

    desk.receive(FAILED, OTHER_ID)

    assert state_of(desk, started) is ACCEPTED


def test_pending_verification_is_undelivered_once_every_message_failed(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start(request_id=REQUEST_ID)
    view.advance(timedelta(seconds=40))
    desk.store.settle(desk.resend(started.id), SendOutcome.ACCEPTED, OTHER_ID)

    desk.receive(FAILED)
    after_one = desk.read(started.id).status
    desk.receive(EXPIRED, OTHER_ID)

    assert after_one is Status.PENDING
    assert desk.read(started.id).status is Status.UNDELIVERED


def test_ended_verification_is_not_undelivered(desk: Desk) -> None:
    started = desk.start(request_id=REQUEST_ID)
    desk.cancel(started.id)

    desk.receive(FAILED)

    assert desk.read(started.id).status is Status.CANCELED


def test_late_delivery_of_an_expired_message_takes_undelivered_back(desk: Desk) -> None:
    started = desk.start(request_id=REQUEST_ID)
    desk.receive(EXPIRED)

    desk.receive(DELIVERED)

    assert desk.read(started.id).status is Status.PENDING


def test_receipt_is_one_command_known_or_not(desk: Desk, watched: WatchedConnection) -> None:
    desk.start(request_id=REQUEST_ID)
    desk.receive(ACCEPTED)
    watched.commands.clear()

    desk.receive(DELIVERED, cost=COST)
    desk.receive(DELIVERED, OTHER_ID)

    assert watched.commands == ["EVALSHA", "EVALSHA"]


def test_accepted_send_is_written_down_in_one_round_trip(
    desk: Desk, watched: WatchedConnection
) -> None:
    desk.start(request_id=REQUEST_ID)
    started = desk.started()
    watched.commands.clear()

    desk.store.settle(started, SendOutcome.ACCEPTED, OTHER_ID)

    assert watched.commands == ["EVALSHA+EVALSHA"]


def test_status_reads_the_verification_and_then_its_receipts_together(
    desk: Desk, watched: WatchedConnection, view: StoreView
) -> None:
    started = desk.start(request_id=REQUEST_ID)
    view.advance(timedelta(seconds=40))
    desk.store.settle(desk.resend(started.id), SendOutcome.ACCEPTED, OTHER_ID)
    desk.read(started.id)
    watched.commands.clear()

    desk.read(started.id)

    assert watched.commands == ["EVALSHA", "HGETALL+HGETALL"]


def test_flushed_scripts_of_a_settled_send_run_once(
    desk: Desk, view: StoreView, watched: WatchedConnection
) -> None:
    desk.start(request_id=OTHER_ID)
    started = desk.started()
    view.forget_scripts()
    watched.commands.clear()

    settled = desk.store.settle(started, SendOutcome.ACCEPTED, REQUEST_ID)

    assert watched.commands == ["EVALSHA+EVALSHA", "EVAL+EVAL"]
    assert settled.verification is not None
    assert desk.receive(DELIVERED).message is not None


def test_everything_of_a_message_is_short_and_has_an_end(desk: Desk, view: StoreView) -> None:
    desk.start(request_id=REQUEST_ID)
    longest = Cost("USD", Decimal("999999.99999999999"), "R" * 24)
    for state in (ACCEPTED, EXPIRED, DELIVERED, SEEN):
        desk.receive(state, cost=longest)

    fields = view.dump()[MESSAGE]

    assert max(map(len, [*fields, *fields.values()])) <= 64
    assert sum(map(len, [*fields, *fields.values()])) < 400
    assert view.left()[MESSAGE] <= timedelta(hours=48)


def test_no_number_and_no_verification_id_stands_under_a_message(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start(request_id=REQUEST_ID)
    desk.receive(DELIVERED, cost=COST)

    at_rest = b" ".join(view.dump()[MESSAGE].values())

    assert PHONE[1:].encode() not in at_rest
    assert started.id.text.encode() not in at_rest


def test_other_application_s_message_is_told_apart(desk: Desk) -> None:
    started = desk.store.start(new_verification())
    assert isinstance(started, Verification)
    desk.store.settle(started, SendOutcome.ACCEPTED, OTHER_ID)

    assert desk.receive(DELIVERED).message is None
    assert desk.receive(DELIVERED, OTHER_ID).message is not None


@pytest.mark.parametrize(
    ("told", "reached"),
    [
        ([SEEN, DELIVERED, ACCEPTED], {SEEN, DELIVERED, ACCEPTED}),
        ([DELIVERED, ACCEPTED], {DELIVERED, ACCEPTED}),
        ([FAILED, DELIVERED], {FAILED}),
        ([DELIVERED, EXPIRED, FAILED], {DELIVERED}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_what_came_before_is_shown_with_its_time_however_late_it_is_told(
    desk: Desk, told: list[DeliveryState], reached: set[DeliveryState]
) -> None:
    started = desk.start(request_id=REQUEST_ID)

    for each in told:
        desk.receive(each)

    assert set(desk.read(started.id).last_delivery.reached) == reached


def test_time_that_was_told_stays(desk: Desk) -> None:
    started = desk.start(request_id=REQUEST_ID)
    desk.receive(DELIVERED)
    desk.receive(SEEN)
    before = desk.read(started.id).last_delivery.reached

    desk.receive(DELIVERED)
    desk.receive(SEEN)

    assert desk.read(started.id).last_delivery.reached == before


def test_accepted_message_can_be_seen_at_once(desk: Desk) -> None:
    started = desk.start(request_id=REQUEST_ID)
    desk.receive(ACCEPTED)

    desk.receive(SEEN)

    assert state_of(desk, started) is SEEN


def test_refusal_of_the_number_is_known_whichever_receipt_told_it(desk: Desk) -> None:
    desk.start(request_id=REQUEST_ID)

    news = [desk.receive(FAILED, is_number_refused=refused) for refused in (False, True, False)]

    assert [each.is_number_refused for each in news] == [False, True, True]


def test_status_fails_closed_where_a_receipt_cannot_be_read(desk: Desk, view: StoreView) -> None:
    started = desk.start(request_id=REQUEST_ID)
    for execute in view.servers:
        with suppress(ResponseError):
            execute("DEL", MESSAGE)
            execute("SET", MESSAGE, "no hash", "EX", 60)

    with pytest.raises(StoreUnavailable):
        desk.read(started.id)

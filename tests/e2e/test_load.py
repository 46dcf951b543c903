"""The load that faults are tried under: nothing is amiss where nothing breaks, and it can tell."""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from support.deployments import Deploying
from support.invariants import Allowed, violations
from support.journeys import REFUSED
from support.load import LOADED_SHOP, LOADED_TABLES, Journey, Load, Told
from support.parts import EVERY_PART
from support.redis_servers import wait_until

ALLOWED = Allowed(longest_seconds=10)


def test_nothing_is_amiss_while_nothing_breaks(tmp_path: Path) -> None:
    with (
        Deploying(tmp_path, LOADED_TABLES, shop=LOADED_SHOP) as deployed,
        Load(deployed.shop) as load,
    ):
        began = time.monotonic()
        load.run_for(3)

        assert load.troubles(began) == []
        load.end()

    assert violations(load.journeys, ALLOWED) == []
    assert {journey.part for journey in load.journeys} == {"plain", "clumsy", "hasty", "guesser"}
    assert len({journey.number for journey in load.journeys}) == len(load.journeys)


def test_nothing_is_amiss_whatever_part_is_played(tmp_path: Path) -> None:
    settings = {"OTP_RESEND_COOLDOWN_SECONDS": "1"}
    with (
        Deploying(tmp_path, LOADED_TABLES, shop=LOADED_SHOP, **settings) as deployed,
        Load(
            deployed.shop,
            threads=len(EVERY_PART),
            parts=EVERY_PART,
            bank=deployed.bank,
            look_back_after=0,
        ) as load,
    ):
        wait_until(lambda: len(load.journeys) > 2 * len(EVERY_PART), what="each part was played")
        load.end()

    assert violations(load.journeys, ALLOWED) == []
    seen = Counter((each.call, each.status) for journey in load.journeys for each in journey.log)
    assert {call for call, status in seen if status in {200, 201}} == {
        "start",
        "right",
        "resend",
        "cancel",
        "status",
        "look",
        "consume",
        "token",
        "receipt",
    }
    fallen_back = [each for each in load.journeys if each.part == "unreached"]
    assert {journey.messages for journey in fallen_back} == {2}


_START = Told("start", 0, 0.1, 201, "pending", "accepted")
_RIGHT = Told("right", 0, 0.1, 200, "approved")
_USED = Told("right", 0, 0.1, 410, "verification_approved")
_LOST = Told("right", 0, 0.1, 503, "store_unavailable")
_REFUSED = Told("start", 0, 0.1, 503, "store_unavailable")


def _wrong(left: int) -> Told:
    return Told("wrong", 0, 0.1, 400, "code_incorrect", attempts_left=left)


_USED_UP = replace(_USED, code="verification_exhausted")
_SPENT = Told("wrong", 0, 0.1, 410, "verification_exhausted")


_RESENT = Told("resend", 1, 0.1, 200, "pending", "accepted")
_CANCELED = Told("cancel", 1, 0.1, 200, "canceled")
_CALLED_OFF = Told("right", 2, 0.1, 410, "verification_canceled")
_LATER = replace(_RIGHT, at=2)
_NONE = Told("start", 0, 0.1, 0, "ConnectionError")
_ACTIVE = Told("consume", 3, 0.1, 200, "active")
_INACTIVE = replace(_ACTIVE, code="inactive")
_RECEIPT = Told("receipt", 1, 0.1, 200, "")


def _keyed(told: Told, verification_id: str = "one") -> Told:
    return replace(told, key="a key", verification_id=verification_id)


def _status(code: str, call: str = "status") -> Told:
    return Told(call, 9, 0.1, 200, code)


def _journey(*log: Told, messages: int = 1) -> Journey:
    return Journey("+380670000000", "plain", "id", list(log), messages)


@pytest.mark.parametrize(
    "journey",
    [
        _journey(_START, _RIGHT, _USED),
        _journey(_START, _LOST, _USED),
        _journey(_START, *map(_wrong, (4, 3, 2, 1)), _SPENT, _USED_UP),
        _journey(_REFUSED, messages=0),
        _journey(_START, _RESENT, _LATER, messages=2),
        _journey(_START, replace(_RESENT, delivery="unknown"), _LATER, messages=1),
        _journey(_START, replace(_RESENT, status=503, delivery=""), _LATER, messages=1),
        _journey(_START, _RECEIPT, _RECEIPT, _LATER, messages=2),
        _journey(_keyed(_START), _keyed(_START)),
        _journey(_keyed(replace(_START, status=409)), _keyed(_START)),
        _journey(_keyed(_RIGHT), _keyed(_RIGHT), _keyed(_LOST)),
        _journey(_START, _CANCELED, _CALLED_OFF),
        _journey(_START, replace(_CANCELED, status=503), _CALLED_OFF),
        _journey(_START, _RIGHT, replace(_CANCELED, status=410, code="verification_approved")),
        _journey(_START, _RIGHT, _ACTIVE, _INACTIVE, _INACTIVE),
        _journey(_START, _RIGHT, replace(_ACTIVE, status=503), _INACTIVE),
        _journey(_START, _RIGHT, _status("approved")),
        _journey(_START, _LOST, _USED, _status("approved")),
    ],
)
def test_what_may_be_told_is_no_violation(journey: Journey) -> None:
    assert violations([journey], ALLOWED) == []


@pytest.mark.parametrize(
    ("journey", "problem"),
    [
        (_journey(_START, _RIGHT, _RIGHT), "approved twice"),
        (_journey(_START, replace(_RIGHT, call="wrong")), "a wrong code was approved"),
        (_journey(_START, _wrong(4), _wrong(4), _RIGHT), "left the same attempts"),
        (
            _journey(_START, *map(_wrong, (4, 3, 2, 1)), _SPENT, _RIGHT),
            "and every attempt was used up",
        ),
        (_journey(_START, *map(_wrong, (5, 4, 3, 2, 1)), _USED_UP), "5 wrong codes left one more"),
        (_journey(_START, _wrong(4), _USED_UP), "the right code was answered 410"),
        (_journey(_START, _USED), "the right code was answered 410"),
        (_journey(_START, replace(_USED, status=404, code="verification_not_found")), "404"),
        (_journey(_REFUSED, messages=1), "0 messages may have been sent, 1 were"),
        (_journey(_START, _RIGHT, messages=2), "1 messages may have been sent, 2 were"),
        (_journey(_START, messages=0), "told of 1 messages, 0 were sent"),
        (_journey(_START, _RESENT, messages=3), "2 messages may have been sent, 3 were"),
        (_journey(_START, _RESENT, messages=1), "told of 2 messages, 1 were sent"),
        (_journey(_START, _RECEIPT, _RECEIPT, messages=3), "2 messages may have been sent"),
        (_journey(_keyed(_START), _keyed(_START), messages=2), "1 messages may have been sent"),
        (_journey(_keyed(_START), _keyed(_START, "two")), "equal starts made 2 verifications"),
        (
            replace(_journey(_START, _RESENT, messages=2), deliveries=1),
            "2 messages, but 1 were stored",
        ),
        (_journey(_START, _CANCELED, _LATER), "approved and its verification was called off"),
        (_journey(_START, _CALLED_OFF), "the right code was answered 410"),
        (_journey(_START, _keyed(_LOST), _keyed(_USED)), "the right code was answered 410"),
        (_journey(_START, _RIGHT, _ACTIVE, _ACTIVE), "a proof was used up twice"),
        (_journey(_START, _RIGHT, _INACTIVE), "a proof was never good"),
        (_journey(_START, _RIGHT, _status("pending")), "and then pending of its status"),
        (_journey(_START, _CANCELED, _status("pending", "look")), "and then pending"),
        (_journey(_START, _status("approved")), "no right code was typed in"),
        (_journey(replace(_START, status=409)), "was answered 409"),
        (_journey(replace(_START, status=422)), "was answered 422"),
        (_journey(replace(_START, took=10.1)), "took 10.1 s"),
        (_journey(replace(_START, status=500)), "was answered 500"),
        (_journey(replace(_START, status=0, code="ConnectionError")), "got no answer"),
    ],
)
def test_violation_is_told(journey: Journey, problem: str) -> None:
    assert problem in violations([journey], ALLOWED)[0]


@pytest.mark.parametrize(
    ("told_at", "is_amiss"), [(1.0, True), (1.95, False), (3.0, False), (4.1, True)]
)
def test_answer_may_be_lost_in_an_outage_alone(told_at: float, *, is_amiss: bool) -> None:
    journey = _journey(replace(_NONE, at=told_at))

    found = violations([journey], replace(ALLOWED, outages=[(2.0, 4.0)]))

    assert bool(found) is is_amiss


def test_one_more_message_may_follow_a_start_that_broke_off() -> None:
    twice = _journey(_keyed(_NONE, ""), _keyed(_START), messages=2)
    thrice = replace(twice, messages=3)

    found = violations([twice, thrice], replace(ALLOWED, lost_answers=True))

    assert ["2 messages may have been sent, 3 were" in problem for problem in found] == [True]


@pytest.mark.parametrize(("told_at", "is_amiss"), [(1.0, True), (2.5, False)])
def test_one_more_message_may_follow_an_answer_that_was_not_kept(
    told_at: float, *, is_amiss: bool
) -> None:
    first, again = replace(_START, at=told_at), replace(_START, at=30)
    journey = _journey(_keyed(first), _keyed(again), messages=2)

    found = violations([journey], replace(ALLOWED, unkept=[(2.0, 4.0)]))

    assert bool(found) is is_amiss


def test_start_that_nobody_heard_sent_nothing() -> None:
    refused = replace(_NONE, code=REFUSED)

    (found,) = violations([_journey(refused)], replace(ALLOWED, lost_answers=True))

    assert "0 messages may have been sent, 1 were" in found


def test_number_may_be_refused_where_the_provider_does_so() -> None:
    refused = _journey(replace(_START, status=422, delivery=""), messages=0)

    assert violations([refused], replace(ALLOWED, refused_numbers=True)) == []

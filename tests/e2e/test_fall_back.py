"""The demo as a caller meets it: messages that arrive, and those that others stand in for.

The simulator has numbers of its own for each case; their list is at its ``/simulator/numbers``.
"""

import re
from typing import Any

import pytest
from support.caller import Caller
from support.deployments import Demo
from support.redis_servers import wait_until

REFUSED, FAILED, EXPIRED, NOBODY = (
    "+46701740681",
    "+46701740682",
    "+46701740686",
    "+46701740687",
)


@pytest.fixture
def caller(demo: Demo) -> Caller:
    return demo.caller


def status(caller: Caller, started: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = caller.get(f"/otp/verifications/{started['verification_id']}").json()
    return told


def deliveries(caller: Caller, started: dict[str, Any]) -> list[tuple[str, str]]:
    told = status(caller, started)["deliveries"]
    return [(delivery["channel"], delivery["state"]) for delivery in told]


def until(caller: Caller, started: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    wait_until(lambda: deliveries(caller, started) == wanted, what=f"deliveries are {wanted}")


def code_in(message: dict[str, Any]) -> str:
    found = re.search(r"\d{6}", message["text"])
    assert found
    return found[0]


def test_message_that_arrives_is_shown_as_delivered(caller: Caller) -> None:
    started = caller.started("+380671234501")

    until(caller, started, [("viber", "delivered")])
    told = status(caller, started)["deliveries"][0]
    assert told["sent_at"] <= told["delivered_at"]


def test_number_that_viber_refuses_gets_an_sms_in_the_same_request(caller: Caller) -> None:
    started = caller.started(REFUSED, locale="pl", message={"business_name": "Nova"})

    assert (started["channel"], started["template_id"]) == ("sms", None)
    (message,) = caller.messages(REFUSED)
    assert message["channel"] == "sms"
    assert "Nova" in message["text"]
    approved = caller.verify(started["verification_id"], code_in(message))
    assert approved.json()["status"] == "approved"
    assert status(caller, started)["verified_channel"] == "sms"


@pytest.mark.parametrize(
    ("number", "state", "next_channel"),
    [(FAILED, "failed", "sms"), (EXPIRED, "expired", "viber")],
    ids=["failed", "expired"],
)
def test_message_that_did_not_arrive_is_followed_by_an_sms(
    caller: Caller, number: str, state: str, next_channel: str
) -> None:
    started = caller.started(number)
    assert started["channel"] == "viber"

    until(caller, started, [("viber", state), ("sms", "accepted")])

    viber, sms = caller.messages(number)
    assert code_in(viber) != code_in(sms)
    assert status(caller, started)["sends_left"] == 1
    assert caller.verify(started["verification_id"], code_in(sms)).status_code == 200
    # What Viber failed at is not tried there again for a day; what came too late is.
    assert caller.started(number)["channel"] == next_channel


def test_first_message_s_code_still_works_after_a_fall_back(caller: Caller) -> None:
    started = caller.started(EXPIRED)
    until(caller, started, [("viber", "expired"), ("sms", "accepted")])

    viber = [message for message in caller.messages(EXPIRED) if message["channel"] == "viber"][-1]

    assert caller.verify(started["verification_id"], code_in(viber)).status_code == 200
    assert status(caller, started)["verified_channel"] == "viber"


def test_number_that_nobody_reaches_is_unreachable(caller: Caller) -> None:
    answer = caller.start(NOBODY)

    assert (answer.status_code, answer.json()["code"]) == (422, "phone_unreachable")
    assert caller.messages(NOBODY) == []


def test_definite_failure_of_viber_goes_over_sms(caller: Caller) -> None:
    number = "+380671234502"
    caller.fault(phone=number, code=-1, times=2, channel="viber")

    assert caller.started(number)["channel"] == "sms"


def test_fault_of_the_account_is_told_and_not_fallen_back_from(caller: Caller) -> None:
    number = "+380671234503"
    caller.fault(phone=number, code=1102, channel="viber")

    answer = caller.start(number)

    assert (answer.status_code, answer.json()["code"]) == (503, "provider_misconfigured")


def test_lost_answer_is_never_followed_by_an_sms(caller: Caller) -> None:
    number = "+380671234504"
    caller.fault(phone=number, drop=True)

    assert caller.started(number)["delivery"] == "unknown"
    assert [message["channel"] for message in caller.messages(number)] == ["viber"]


def test_no_log_line_holds_the_callback_s_secret_or_a_number(demo: Demo) -> None:
    demo.caller.started("+380671234505")

    log = demo.log.read_text()
    assert "receipt_received" in log
    assert "<secret>/receipt" in log
    assert not re.search(r"/callbacks/nxcloud/[^<\[]", log)
    assert "380671234505" not in log


def test_text_that_only_an_sms_would_hold_does_not_keep_viber_from_sending(caller: Caller) -> None:
    number = "+380671234506"
    words = {"business_name": "Nova", "pin_type": "login"}

    started = caller.started(number, message=words)

    assert (started["channel"], started["template_id"]) == ("viber", 5)
    assert started["message_unused"] == ["business_name"]
    assert [message["channel"] for message in caller.messages(number)] == ["viber"]

from datetime import UTC, datetime, timedelta, timezone

import pytest

from otp_service.domain.call import Call
from otp_service.domain.verification import (
    Channel,
    DeliveryState,
    LanguageReason,
    MessagePlan,
    Status,
)
from otp_service.errors import (
    CodeIncorrect,
    DestinationNotAllowed,
    FieldProblem,
    InvalidRequest,
    PhoneInvalid,
    PhoneUnreachable,
    ProviderFailed,
    ProviderMisconfigured,
    ResendTooSoon,
    SendLimitReached,
    StoreUnavailable,
    TooManyRequests,
    VerificationApproved,
    VerificationCanceled,
    VerificationExhausted,
    VerificationExpired,
    VerificationNotFound,
)
from otp_service.service.proof import Proven
from otp_service.service.verify import Approval

ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"
NOON = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
SOON = timedelta(seconds=9, milliseconds=1)

STARTED = {
    "verification_id": ID,
    "status": "pending",
    "purpose": "login",
    "phone": "+380*******67",
    "channel": "viber",
    "template_id": 2,
    "language": "uk",
    "language_reason": "country",
    "delivery": "accepted",
    "expires_at": "2026-01-01T12:05:00.250Z",
    "expires_in": 300,
    "resend_at": "2026-01-01T12:00:30.250Z",
    "resend_in": 30,
    "attempts_left": 5,
    "sends_left": 2,
    "message_unused": [],
}


def start(client):
    return client.post("/otp/start", json={"phone": "+380671234567"})


def resend(client):
    return client.post("/otp/resend", json={"verification_id": ID})


def verify(client):
    return client.post("/otp/verify", json={"verification_id": ID, "code": "123 456"})


def cancel(client):
    return client.post("/otp/cancel", json={"verification_id": ID})


def read(client):
    return client.get(f"/otp/verifications/{ID}")


def prove(client):
    return client.post("/otp/proof", json={"proof": "abc.def"})


CALLS = {
    "start": start,
    "resend": resend,
    "verify": verify,
    "cancel": cancel,
    "status": read,
    "proof": prove,
}


def test_a_start_answers_with_the_verification(client):
    reply = start(client)

    assert (reply.status_code, reply.content_type) == (201, "application/json")
    assert reply.json == STARTED


def test_a_resend_answers_as_a_start_does(client):
    reply = resend(client)

    assert (reply.status_code, reply.json) == (200, STARTED)


def test_a_status_adds_every_message(client, service, make_verification, make_delivery):
    moments = (DeliveryState.DELIVERED, 1), (DeliveryState.SEEN, 4)
    reached = {state: NOON + timedelta(seconds=after) for state, after in moments}
    seen = make_delivery(state=DeliveryState.SEEN, reached=reached)
    second = make_delivery(
        send=2,
        channel=Channel.SMS,
        template_id=None,
        language="en",
        state=DeliveryState.UNKNOWN,
        sent_at=NOON + timedelta(seconds=31),
    )
    no_times = dict.fromkeys(["delivered_at", "seen_at", "failed_at", "expired_at"])
    service.status.answer = make_verification(status=Status.UNDELIVERED, deliveries=(seen, second))

    reply = read(client)

    assert reply.status_code == 200
    assert reply.json == STARTED | {
        "status": "undelivered",
        "channel": "sms",
        "template_id": None,
        "language": "en",
        "delivery": "unknown",
        "verified_channel": None,
        "deliveries": [
            {
                "channel": "viber",
                "template_id": 2,
                "language": "uk",
                "state": "seen",
                "sent_at": "2026-01-01T12:00:00.250Z",
                "delivered_at": "2026-01-01T12:00:01.250Z",
                "seen_at": "2026-01-01T12:00:04.250Z",
                "failed_at": None,
                "expired_at": None,
            },
            {
                "channel": "sms",
                "template_id": None,
                "language": "en",
                "state": "unknown",
                "sent_at": "2026-01-01T12:00:31.250Z",
                **no_times,
            },
        ],
    }


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_a_status_tells_when_a_message_did_not_arrive(
    client, service, make_verification, make_delivery, state
):
    reached = {DeliveryState(state): NOON + timedelta(seconds=9)}
    delivery = make_delivery(state=DeliveryState(state), reached=reached)
    service.status.answer = make_verification(deliveries=(delivery,))

    (told,) = read(client).json["deliveries"]

    times = {name: told[name] for name in ("failed_at", "expired_at")}
    assert times == dict.fromkeys(times) | {f"{state}_at": "2026-01-01T12:00:09.250Z"}


def test_a_status_tells_which_channel_s_code_was_entered(
    client, service, make_verification, make_delivery
):
    deliveries = (make_delivery(), make_delivery(send=2, channel=Channel.SMS))
    service.status.answer = make_verification(
        status=Status.APPROVED, deliveries=deliveries, verified_send=2
    )

    assert read(client).json["verified_channel"] == "sms"


@pytest.mark.parametrize("state", DeliveryState)
def test_the_delivery_is_accepted_unless_nothing_is_known(
    client, service, make_verification, make_delivery, state
):
    verification = make_verification(deliveries=(make_delivery(state=state),))
    service.start.answer = service.resend.answer = service.status.answer = verification

    told = {call(client).json["delivery"] for call in (start, resend, read)}

    assert told == {"unknown" if state == "unknown" else "accepted"}


def test_what_the_template_does_not_hold_and_why_the_language_are_told(
    client, service, make_verification
):
    service.start.answer = make_verification(
        plan=MessagePlan(
            channel=Channel.VIBER,
            template_id=2,
            language="uk",
            language_reason=LanguageReason.LOCALE,
            unused=("action", "pin_type"),
        )
    )

    body = start(client).json

    assert body["message_unused"] == ["action", "pin_type"]
    assert body["language_reason"] == "locale"


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(milliseconds=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(seconds=299, milliseconds=1), 300),
        (timedelta(0), 0),
        (timedelta(seconds=-3), 0),
    ],
    ids=str,
)
def test_seconds_left_are_rounded_up_and_never_negative(
    client, service, make_verification, left, seconds
):
    service.status.answer = make_verification(expires_at=NOON + left, resend_at=NOON + left)

    body = read(client).json

    assert (body["expires_in"], body["resend_in"]) == (seconds, seconds)


@pytest.mark.parametrize("status", Status)
def test_an_ended_verification_waits_for_nothing(client, service, make_verification, status):
    service.status.answer = make_verification(status=status)

    body = read(client).json

    is_living = status in {"pending", "undelivered"}
    assert body["status"] == status
    assert (body["expires_in"], body["resend_in"]) == ((300, 30) if is_living else (0, 0))


def test_times_are_told_in_utc(client, service, make_verification):
    kyiv = timezone(timedelta(hours=2))
    service.status.answer = make_verification(expires_at=datetime(2026, 1, 1, 14, 5, tzinfo=kyiv))

    assert read(client).json["expires_at"] == "2026-01-01T12:05:00.000Z"


def test_the_right_code_answers_with_number_and_proof(client, service):
    service.verify.answer = Approval(
        verification_id=ID,
        purpose="payment",
        phone="+380671234567",
        proof="abc.def",
        proof_life=timedelta(minutes=10),
    )

    reply = verify(client)

    assert reply.status_code == 200
    assert reply.json == {
        "verification_id": ID,
        "status": "approved",
        "purpose": "payment",
        "phone": "+380671234567",
        "proof": "abc.def",
        "proof_expires_in": 600,
    }


@pytest.mark.parametrize(
    ("extra", "purpose"), [({}, "login"), ({"purpose": "payment"}, "payment")], ids=str
)
def test_the_guess_reaches_the_use_case_as_it_was_typed(client, service, extra, purpose):
    service.verify.answer = VerificationNotFound()

    client.post("/otp/verify", json={"verification_id": ID, "code": " 1-٢ ", **extra})

    ((call,), given) = service.verify.calls[0]
    assert (call.application.id, call.key_id) == ("shop", "web")
    assert given == {
        "verification_id": ID,
        "code": " 1-٢ ",
        "purpose": purpose,
        "context": None,
    }


def test_a_cancel_answers_with_the_end(client):
    reply = cancel(client)

    assert reply.status_code == 200
    assert reply.json == {"verification_id": ID, "status": "canceled"}


def test_a_living_proof_shows_the_approval(client, service):
    service.proof.answer = Proven(
        verification_id=ID,
        phone="+380671234567",
        purpose="login",
        application="shop",
        verified_at=NOON,
    )

    reply = prove(client)

    assert reply.status_code == 200
    assert reply.json == {
        "active": True,
        "verification_id": ID,
        "phone": "+380671234567",
        "purpose": "login",
        "application": "shop",
        "verified_at": "2026-01-01T12:00:00.250Z",
    }


def test_a_proof_of_a_code_with_a_context_shows_its_hash(client, service):
    service.proof.answer = Proven(
        verification_id=ID,
        phone="+380671234567",
        purpose="payment",
        application="shop",
        verified_at=NOON,
        context_sha256=bytes(range(32)),
    )

    assert prove(client).json["context_sha256"] == bytes(range(32)).hex()


def test_any_other_proof_shows_nothing(client, service):
    service.proof.answer = None

    reply = prove(client)

    assert (reply.status_code, reply.json) == (200, {"active": False})


@pytest.mark.parametrize("name", CALLS)
def test_each_key_speaks_for_its_application(anonymous, service, name):
    service.verify.answer = VerificationNotFound()
    anonymous.environ_base["HTTP_AUTHORIZATION"] = "Bearer key-of-bank"

    CALLS[name](anonymous)

    ((asker, *_), _) = getattr(service, name).calls[0]
    application = asker.application if isinstance(asker, Call) else asker
    assert application.id == "bank"


@pytest.mark.parametrize(
    "text", ["a b", "%00", "x" * 129, "é", "a.b", "%D0", "a%0Ab", "a%0A"], ids=repr
)
def test_a_path_that_names_no_possible_id_is_not_found(client, service, text):
    reply = client.get(f"/otp/verifications/{text}")

    assert (reply.status_code, reply.json["code"]) == (404, "verification_not_found")
    assert service.calls() == 0


@pytest.mark.parametrize("name", CALLS)
def test_an_id_that_was_never_issued_is_not_found(client, service, name):
    getattr(service, name).answer = VerificationNotFound("There is no such verification.")

    reply = CALLS[name](client)

    assert (reply.status_code, reply.json["code"]) == (404, "verification_not_found")


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InvalidRequest(FieldProblem("/code", "?")), (400, {"errors"})),
        (PhoneInvalid(), (400, set())),
        (CodeIncorrect(attempts_left=3), (400, {"attempts_left"})),
        (DestinationNotAllowed(), (403, set())),
        (VerificationExpired(), (410, set())),
        (VerificationExhausted(), (410, set())),
        (VerificationApproved(), (410, set())),
        (VerificationCanceled(), (410, set())),
        (PhoneUnreachable(), (422, set())),
        (ResendTooSoon(retry_after=SOON), (429, {"retry_after"})),
        (SendLimitReached(retry_after=SOON), (429, {"retry_after"})),
        (TooManyRequests(retry_after=SOON, budget="b"), (429, {"retry_after"})),
        (ProviderFailed(), (502, set())),
        (ProviderMisconfigured(retry_after=SOON), (503, {"retry_after"})),
        (StoreUnavailable(retry_after=SOON), (503, {"retry_after"})),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_refusal_is_its_problem(client, service, name, error, expected):
    status, members = expected
    getattr(service, name).answer = error

    reply = CALLS[name](client)

    assert reply.status_code == reply.json["status"] == status
    assert reply.content_type == "application/problem+json"
    assert reply.json["code"] == error.code
    assert reply.json["type"] == f"urn:otp-service:problem:{error.code}"
    assert set(reply.json) == {"type", "title", "status", "detail", "code"} | members
    assert reply.headers.get("Retry-After") == ("10" if "retry_after" in members else None)


def test_a_test_number_is_told_by_verify_proof_and_status(client, service, make_verification):
    service.verify.answer = Approval(
        verification_id=ID,
        purpose="login",
        phone="+380671234567",
        proof="abc.def",
        proof_life=timedelta(minutes=10),
        is_test=True,
    )
    service.proof.answer = Proven(
        verification_id=ID,
        phone="+380671234567",
        purpose="login",
        application="shop",
        verified_at=NOON,
        is_test=True,
    )
    service.status.answer = make_verification(is_test=True)

    replies = [verify(client), prove(client), client.get(f"/otp/verifications/{ID}")]

    assert [reply.json["test"] for reply in replies] == [True, True, True]


def test_any_other_number_s_replies_do_not_have_the_word(client):
    reply = client.get(f"/otp/verifications/{ID}")

    assert reply.status_code == 200
    assert "test" not in reply.json

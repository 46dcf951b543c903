from datetime import UTC, datetime

import pytest
from support.verifications import IDS, PHONE, PLAN, new_verification

from otp_service.domain.verification import Channel, LanguageReason, MessagePlan, Status
from otp_service.redis_store.record import MAX_FIELD_BYTES, channel_letters, decode, encode

NOW_MS = 1_772_366_400_123
END_MS = NOW_MS + 300_000


def stored(plan: MessagePlan = PLAN, **changes: object) -> list[bytes]:
    """Give a record as a script gives it, flat."""
    encoded = encode(new_verification(plans=(plan,)))
    fields = dict(zip(encoded[::2], encoded[1::2], strict=True))
    fields |= {"s": "p", "n": 1, "e": END_MS, "d1": b"digest"}
    sent = ["u", channel_letters([plan.channel]), str(plan.template_id or ""), plan.language, ""]
    fields |= {"s1": "|".join(sent), **changes}
    flat = []
    for name, value in fields.items():
        flat += [str(name).encode(), value if isinstance(value, bytes) else str(value).encode()]
    return flat


def test_record_is_read_to_the_millisecond() -> None:
    read = decode(IDS.new(PHONE), b"%d" % NOW_MS, stored())

    assert read.read_at == datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    assert (read.expires_at - read.read_at).total_seconds() == 300
    assert read.last_delivery.sent_at == read.read_at


def test_record_that_an_owner_s_account_is_charged_for_says_which() -> None:
    owned, plain = (
        decode(IDS.new(PHONE), b"%d" % NOW_MS, fields)
        for fields in (stored(O="A1b2C3d4E5f6"), stored())
    )

    assert (owned.owner_tag, plain.owner_tag) == ("A1b2C3d4E5f6", None)


@pytest.mark.parametrize(
    ("now_ms", "status"), [(END_MS - 1, Status.PENDING), (END_MS, Status.EXPIRED)]
)
def test_pending_record_is_expired_from_its_end_on(now_ms: int, status: Status) -> None:
    assert decode(IDS.new(PHONE), b"%d" % now_ms, stored()).status is status


@pytest.mark.parametrize(
    ("letter", "status"),
    [("a", Status.APPROVED), ("x", Status.EXHAUSTED), ("c", Status.CANCELED)],
)
def test_ended_record_stays_what_it_is_after_its_end(letter: str, status: Status) -> None:
    read = decode(IDS.new(PHONE), b"%d" % (END_MS + 1), stored(s=letter))

    assert read.status is status


@pytest.mark.parametrize("text", ["a", "é", "\u20ac", "\U0001f510"], ids=ascii)
@pytest.mark.parametrize("length", [1, 15, 16, 49, 50])
def test_texts_are_cut_into_short_fields_and_put_together_again(text: str, length: int) -> None:
    texts = {"business_name": text * length, "reason": '"' + text * (length - 1)}
    plan = MessagePlan(Channel.VIBER, 9, "en", LanguageReason.FALLBACK, texts)

    flat = stored(plan)

    assert max(map(len, flat)) <= MAX_FIELD_BYTES
    assert decode(IDS.new(PHONE), b"%d" % NOW_MS, flat).plan == plan


def test_send_that_was_taken_back_is_no_delivery() -> None:
    first_gone = stored(o=3, s2="a|v|3|uk|b81e", e2=END_MS, s3="u|s||pl|", e3=END_MS)

    read = decode(IDS.new(PHONE), b"%d" % NOW_MS, first_gone)

    assert [delivery.send for delivery in read.deliveries] == [1, 2, 3]
    del first_gone[first_gone.index(b"s2") : first_gone.index(b"s2") + 2]
    read = decode(IDS.new(PHONE), b"%d" % NOW_MS, first_gone)
    assert [delivery.send for delivery in read.deliveries] == [1, 3]
    assert read.plan.channel is Channel.SMS

"""What stands in the servers: nothing readable, nothing without an end, nothing large."""

import base64
from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.store_view import StoreView
from support.verifications import PIN, SECOND_PIN, WRONG_PIN, Desk, shop

from otp_service.domain.verification import Channel, LanguageReason, MessagePlan

MAX_FIELD_BYTES = 64
LONGEST_PLAN = MessagePlan(
    Channel.VIBER,
    9,
    "my",
    LanguageReason.LOCALE,
    {"business_name": "\U0001f3e6" * 50, "reason": "\U0001f510" * 50},
    ("action", "pin_type"),
)
# Digits that no clock and no count has; the mask of the first shows nothing of them but the end.
PHONE = "+380671234567"
LONG_PIN, LONG_SECOND_PIN = "9473625108", "8305172946"


@pytest.fixture
def lived(desk: Desk, view: StoreView) -> Desk:
    """A store in which one verification of every state has left its keys."""
    desk = desk.at(shop(name="a" * 32, resend_cooldown=timedelta(0)))
    pending = desk.start(phone=PHONE, pin=LONG_PIN, plans=(LONGEST_PLAN,), purpose="p" * 32)
    desk.resend(pending.id, LONG_SECOND_PIN)
    desk.resend(pending.id, LONG_SECOND_PIN)
    desk.guess(pending.id, WRONG_PIN)
    for end in (
        lambda vid: desk.guess(vid, LONG_PIN),
        desk.cancel,
        desk.exhaust,
        lambda vid: desk.take_back(desk.resend(vid, LONG_SECOND_PIN)),
    ):
        end(desk.start(phone=PHONE, pin=LONG_PIN, plans=(LONGEST_PLAN,)).id)
    return desk


def test_no_pin_and_no_number_is_readable_in_any_spelling(lived: Desk, view: StoreView) -> None:
    stored = b"\n".join(_every_text(view))

    for secret in (LONG_PIN, LONG_SECOND_PIN, PHONE, PHONE[1:], PHONE[4:]):
        for spelling in _spellings(secret):
            assert spelling not in stored


def test_id_a_caller_knows_is_not_in_the_store(desk: Desk, view: StoreView) -> None:
    started = desk.start()

    stored = b"\n".join(_every_text(view))

    assert started.id.text.encode() not in stored
    assert started.id.text[22:].encode() not in stored


def test_keys_of_one_number_share_one_slot(lived: Desk, view: StoreView) -> None:
    names = view.everything()

    tags = {key.split(b"{")[1].split(b"}")[0] for key in names}

    assert len(names) == 7
    assert len(tags) == 1


def test_every_key_ends(lived: Desk, view: StoreView) -> None:
    left = view.left()

    assert len(left) == 6
    longest = timedelta(days=1, seconds=300)
    assert all(timedelta(0) < each <= longest for each in left.values())
    (timeline,) = set(view.left_of_everything()) - set(left)
    assert timedelta(0) < view.left_of_everything()[timeline] <= timedelta(days=7)


def test_everything_is_gone_after_the_longest_end(lived: Desk, view: StoreView) -> None:
    view.advance(timedelta(days=1, seconds=300))

    assert view.names() == []
    view.advance(timedelta(days=6))
    assert view.everything() == {}


def test_no_field_is_longer_than_a_compact_hash_allows(lived: Desk, view: StoreView) -> None:
    records = view.hashes().values()

    lengths = [len(part) for record in records for field in record.items() for part in field]

    assert max(lengths) == MAX_FIELD_BYTES


@pytest.mark.parametrize("kind", ["single", "cluster", "sentinel"], indirect=True)
def test_record_with_the_longest_texts_is_one_compact_block(lived: Desk, view: StoreView) -> None:
    encodings = {view.encodings()[key] for key in view.hashes()}

    assert encodings <= {b"listpack", b"ziplist"}


@pytest.mark.parametrize("kind", ["single", "cluster", "sentinel"], indirect=True)
def test_full_timeline_is_one_compact_block(lived: Desk, view: StoreView) -> None:
    for _ in range(100):
        lived.try_start()

    ((timeline, entries),) = view.timelines().items()
    # Servers before 7.2 name a list of one block like one of many.
    assert view.encodings()[timeline] in {b"listpack", b"quicklist"}
    assert len(entries) == 64
    assert sum(map(len, entries)) < 8_000


def test_failed_guess_is_not_written_down(desk: Desk, view: StoreView) -> None:
    started = desk.start()

    desk.guess(started.id, LONG_PIN)

    stored = b"\n".join(_every_text(view))
    assert not [spelling for spelling in _spellings(LONG_PIN) if spelling in stored]


def test_same_pin_for_the_same_number_looks_different_each_time(
    desk: Desk, view: StoreView
) -> None:
    for _ in range(2):
        desk.start(pin=PIN)

    first, second = view.hashes().values()

    assert not {first[b"d1"], first[b"q"], first[b"f"]} & {
        second[b"d1"],
        second[b"q"],
        second[b"f"],
    }


def test_repr_of_what_the_store_gives_holds_no_number_and_no_digest(
    desk: Desk, view: StoreView
) -> None:
    started = desk.start(pin=SECOND_PIN)
    record = next(iter(view.hashes().values()))

    shown = repr(desk.read(started.id)) + repr(desk.guess(started.id, WRONG_PIN))

    assert PHONE[4:-2] not in shown
    assert repr(record[b"f"])[2:-1] not in shown
    assert repr(record[b"d1"])[2:-1] not in shown


def _every_text(view: StoreView) -> Iterator[bytes]:
    for key, value in view.everything().items():
        yield key
        if isinstance(value, list):
            yield from value
            continue
        pairs = value.items() if isinstance(value, dict) else value
        for name, content in pairs:
            yield name
            yield content if isinstance(content, bytes) else str(content).encode()


def _spellings(text: str) -> Iterator[bytes]:
    plain = text.encode()
    yield plain
    yield plain[::-1]
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield "".join(f"\\u{ord(character):04x}" for character in text).encode()
    for ahead in range(3):
        # The middle of a base64 text is the same wherever it begins in three bytes.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * ahead + plain)[4:-4]
    if text.isdecimal():
        yield int(text).to_bytes(8, "big").lstrip(b"\0")
        yield int(text).to_bytes(8, "little").rstrip(b"\0")

"""What the previous release left in a store is read, guessed at and counted on by this one.

``previous_release/record.py`` ran on that release's code; ``keys.jsonl`` is what it left.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.gated import GatedDesk
from support.kinds import CLUSTER, Kind
from support.scenes import (
    ADDRESS,
    COST,
    HASTY,
    KEY_USED,
    OWNER,
    PAYMENT,
    PHONES,
    SHARED_ROWS,
    TOKEN,
    Scenes,
    request_id,
)
from support.snapshot import put_back
from support.store_view import StoreView, WatchedConnection
from support.street import QUIET, Street
from support.verifications import (
    BOTH,
    IDS,
    KEYS,
    NUMBER_KEY,
    ONCE,
    PIN,
    SEALER,
    SECOND_PIN,
    SHOP,
    WRONG_PIN,
    Desk,
    SilentJournal,
)

from otp_service.domain.audit import Decision
from otp_service.domain.context import open_context_hash
from otp_service.domain.idempotency import KeyHeld, Replayed
from otp_service.domain.identity import VerificationId
from otp_service.domain.keys import Use
from otp_service.domain.pin import pin_digest, purpose_digest
from otp_service.domain.session import SessionBar, SessionKind
from otp_service.domain.verification import Channel, DeliveryState, LanguageReason, Status
from otp_service.ports import (
    Ended,
    Judged,
    NoResend,
    NotTheTokens,
    OverBudget,
    ResendBar,
    SendOutcome,
    Verdict,
)
from otp_service.redis_store import (
    NumberFiles,
    NumberKeyMark,
    RedisClaims,
    RedisKeyUses,
    RedisSessions,
    RedisStore,
)

LEFT = Path(__file__).parent / "previous_release" / "keys.jsonl"
HOUR = timedelta(hours=1)
LIVE = ["pending", "resent", "addressed", "token", "context", "once", "started_out", "refused"]


@dataclass
class Left:
    """What was left, and this release's desk at it."""

    desk: Desk
    connection: WatchedConnection
    is_cluster: bool
    ids: dict[str, str]

    def vid(self, name: str) -> VerificationId:
        vid = IDS.read(self.ids[name])
        assert vid is not None
        return vid


@pytest.fixture
def left(kind: Kind, watched: WatchedConnection) -> Left:
    ids = put_back(LEFT.read_text(), kind.connection, kind.view)
    return Left(Desk(RedisStore(watched, SilentJournal())), watched, kind.name == CLUSTER, ids)


def test_live_verification_shows_what_it_was(left: Left) -> None:
    shown = left.desk.read(left.vid("pending"))

    assert shown.status is Status.PENDING
    assert (shown.purpose, shown.country, shown.masked_phone) == ("login", "UA", "+380*******00")
    assert SEALER.open(shown.sealed_phone, bound_to=shown.id.text) == PHONES["pending"]
    assert (shown.attempts_left, shown.sends_left) == (4, 2)
    assert shown.life == SHOP.rules.life
    (delivery,) = shown.deliveries
    assert shown.expires_at == delivery.sent_at + SHOP.rules.life
    assert shown.resend_at == delivery.sent_at + SHOP.rules.resend_cooldown
    assert (delivery.channel, delivery.template_id, delivery.language) == (Channel.VIBER, 3, "uk")
    assert (delivery.state, delivery.request_id) == (
        DeliveryState.DELIVERED,
        request_id("pending"),
    )
    assert set(delivery.reached) == {DeliveryState.ACCEPTED, DeliveryState.DELIVERED}
    assert shown.plan.language_reason is LanguageReason.COUNTRY
    assert shown.plan.texts == {"business_name": "Nova"}
    assert shown.plan.unused == ("reason",)


@pytest.mark.parametrize("name", ["pending", "addressed", "once", "started_out"])
def test_right_code_is_approved_once_and_proved(left: Left, name: str) -> None:
    vid = left.vid(name)

    judged = left.desk.guess(vid, PIN)

    assert judged.verdict is Verdict.APPROVED
    opened = SEALER.open(judged.verification.sealed_phone, bound_to=vid.text)
    assert opened == PHONES[name]
    assert left.desk.verdict(vid, PIN) is Status.APPROVED
    assert left.desk.prove(vid, consume=True) is not None
    assert left.desk.prove(vid) is None


@pytest.mark.parametrize("pin", [PIN, SECOND_PIN])
def test_each_message_of_a_resend_still_works(left: Left, pin: str) -> None:
    assert left.desk.verdict(left.vid("resent"), pin) is Verdict.APPROVED


def test_message_that_stood_in_still_works_and_what_it_replaced_does_not(left: Left) -> None:
    first, stood_in = left.desk.read(left.vid("refused")).deliveries

    assert (first.send, stood_in.send, stood_in.channel) == (1, 3, Channel.SMS)
    assert left.desk.verdict(left.vid("refused"), WRONG_PIN) is Verdict.INCORRECT
    assert left.desk.verdict(left.vid("refused"), SECOND_PIN) is Verdict.APPROVED


def test_wrong_guesses_go_on_from_where_they_were(left: Left) -> None:
    vid = left.vid("pending")

    verdicts = [left.desk.verdict(vid, WRONG_PIN) for _ in range(5)]

    assert verdicts == [Verdict.INCORRECT] * 3 + [Verdict.EXHAUSTED_NOW, Status.EXHAUSTED]
    assert left.desk.read(vid).sealed_phone == b""
    assert left.desk.verdict(vid, PIN) is Status.EXHAUSTED


def test_right_code_for_another_purpose_is_wrong(left: Left) -> None:
    assert left.desk.verdict(left.vid("pending"), PIN, purpose="other") is Verdict.INCORRECT


@pytest.mark.parametrize("name", LIVE)
def test_life_runs_out_when_it_would_have(left: Left, view: StoreView, name: str) -> None:
    vid = left.vid(name)
    holder = replace(left.desk, token_id=TOKEN) if name == "token" else left.desk
    view.advance(SHOP.rules.life)

    assert holder.verdict(vid, PIN) is Status.EXPIRED
    assert holder.try_resend(vid) == Ended(Status.EXPIRED)
    assert holder.read(vid).status is Status.EXPIRED


def test_resend_waits_for_its_cooldown_then_sends_then_doubles(left: Left, view: StoreView) -> None:
    vid = left.vid("pending")

    too_soon = left.desk.try_resend(vid)
    view.advance(SHOP.rules.resend_cooldown)
    resent = left.desk.resend(vid)

    assert isinstance(too_soon, NoResend)
    assert too_soon.bar is ResendBar.TOO_SOON
    assert resent.resend_at == resent.last_delivery.sent_at + 2 * SHOP.rules.resend_cooldown
    assert resent.expires_at == resent.last_delivery.sent_at + SHOP.rules.life
    assert (resent.last_delivery.template_id, resent.last_delivery.language) == (3, "uk")
    assert left.desk.verdict(vid, PIN) is Verdict.APPROVED


def test_sends_are_as_many_as_they_were(left: Left) -> None:
    vid, hasty = left.vid("resent"), left.desk.at(HASTY)

    third = hasty.resend(vid)
    fourth = hasty.try_resend(vid)

    assert third.sends_left == 0
    assert isinstance(fourth, NoResend)
    assert fourth.bar is ResendBar.NO_SENDS_LEFT


def test_send_taken_back_leaves_the_earlier_one_as_it_was(left: Left, view: StoreView) -> None:
    vid = left.vid("pending")
    before = left.desk.read(vid)
    view.advance(SHOP.rules.resend_cooldown)
    before_at = before.expires_at - SHOP.rules.resend_cooldown

    back = left.desk.take_back(left.desk.resend(vid))

    assert back is not None
    assert (back.expires_at, back.sends_left) == (before_at, 2)
    assert len(back.deliveries) == 1


def test_only_send_taken_back_takes_the_charges_with_it(left: Left, view: StoreView) -> None:
    started = left.desk.read(left.vid("late"))
    count = len(view.names())

    assert left.desk.take_back(started) is None

    assert len(view.names()) == count - 2


def test_cancel_ends_what_lives_and_finds_what_it_ended(left: Left) -> None:
    for name in ("pending", "canceled"):
        canceled = left.desk.cancel(left.vid(name))

        assert canceled.status is Status.CANCELED
        assert left.desk.verdict(left.vid(name), PIN) is Status.CANCELED
    assert left.desk.cancel(left.vid("approved")) == Ended(Status.APPROVED)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("approved", Status.APPROVED),
        ("proved", Status.APPROVED),
        ("exhausted", Status.EXHAUSTED),
        ("canceled", Status.CANCELED),
    ],
)
def test_tombstone_says_how_it_ended(left: Left, name: str, status: Status) -> None:
    vid = left.vid(name)

    assert left.desk.read(vid).status is status
    assert left.desk.verdict(vid, PIN) is status
    assert left.desk.try_resend(vid) == Ended(status)


def test_proof_lives_until_its_end_and_a_used_one_stays_used(left: Left, view: StoreView) -> None:
    assert left.desk.prove(left.vid("proved")) is None
    proved = left.desk.prove(left.vid("approved"))

    assert proved is not None
    opened = SEALER.open(proved.sealed_phone, bound_to=proved.id.text)
    assert opened == PHONES["approved"]
    view.advance(SHOP.rules.proof_life)
    assert left.desk.prove(left.vid("approved")) is None


def test_guess_budget_is_not_refilled(left: Left, view: StoreView) -> None:
    refused = left.desk.try_start(phone=PHONES["guessed_out"])

    assert isinstance(refused, OverBudget)
    assert refused.budget == "number_wrong_guesses"
    assert refused.retry_after <= timedelta(minutes=1)
    view.advance(timedelta(minutes=1))
    one_more = left.desk.started(phone=PHONES["guessed_out"])
    left.desk.exhaust(one_more.id)
    refused = left.desk.try_start(phone=PHONES["guessed_out"])
    assert isinstance(refused, OverBudget)
    assert refused.retry_after > timedelta(minutes=4)


def test_start_budget_is_not_refilled_and_ends_when_it_would_have(
    left: Left, view: StoreView
) -> None:
    refused = left.desk.try_start(phone=PHONES["started_out"])

    assert isinstance(refused, OverBudget)
    assert refused.budget == "number_starts_per_hour"
    view.advance(HOUR)
    for _ in range(5):
        left.desk.started(phone=PHONES["started_out"])
    refused = left.desk.try_start(phone=PHONES["started_out"])
    assert isinstance(refused, OverBudget)
    assert refused.budget in {"number_starts_per_day", "number_starts_per_hour"}
    assert refused.retry_after > HOUR - timedelta(minutes=5)


def test_shared_budget_is_not_refilled(left: Left) -> None:
    shared = GatedDesk(left.connection, *SHARED_ROWS, is_cluster=left.is_cluster)

    assert shared.tried("+380500000009", address="192.0.2.1") == "address_starts"
    assert shared.tried("+380500000009", address="192.0.2.2") == ""
    assert shared.tried("+380500000009", address="192.0.2.2") == "country_starts"


def test_fraud_guard_counts_on(left: Left) -> None:
    street = Street(left.connection, left.is_cluster)

    refused = street.start(QUIET, "PL")

    assert isinstance(refused, OverBudget)
    assert refused.budget == "fraud_prefix_per_hour"


def test_owner_stays_an_owner_with_the_charges_it_has(left: Left) -> None:
    owner = replace(left.desk, address_tag=OWNER)

    started = [owner.try_start(phone=PHONES["owned"]) for _ in range(5)]

    # One of its five was started as an owner before; the first ever was a stranger's.
    owned = [each.owner_tag for each in started[:4]]  # type: ignore[union-attr]
    assert owned == [OWNER] * 4
    assert isinstance(started[4], OverBudget)
    assert started[4].is_owners


def test_address_of_a_right_guess_becomes_an_owner(left: Left) -> None:
    left.desk.guess(left.vid("addressed"), PIN)

    again = replace(left.desk, address_tag=ADDRESS).started(phone=PHONES["addressed"])

    assert again.owner_tag == ADDRESS


def test_token_reaches_what_it_started_and_no_other_does(left: Left) -> None:
    vid = left.vid("token")

    assert replace(left.desk, token_id="another").guess(vid, PIN) == NotTheTokens()
    assert replace(left.desk, token_id=TOKEN).verdict(vid, PIN) is Verdict.APPROVED


def test_context_still_binds(left: Left) -> None:
    vid = left.vid("context")

    shown = left.desk.read(vid)

    assert shown.sealed_context is not None
    assert open_context_hash(SEALER, shown.sealed_context, shown.id) == PAYMENT.sha256
    assert left.desk.verdict(vid, PIN) is Verdict.INCORRECT
    assert left.desk.guess(vid, PIN, context=PAYMENT).verdict is Verdict.APPROVED


def test_start_with_its_key_is_answered_as_before(left: Left) -> None:
    vid = left.vid("once")
    claims = RedisClaims(left.connection, SilentJournal(), IDS)

    replayed = claims.claim(ONCE, IDS.new(PHONES["once"]))

    assert isinstance(replayed, Replayed)
    assert (replayed.answer.id, replayed.answer.attempts_left) == (vid, 5)
    assert replayed.answer.last_delivery.request_id == request_id("once")
    reused = claims.claim(replace(ONCE, fingerprint=b"another"), IDS.new(PHONES["once"]))
    assert reused == KeyHeld()


def test_guess_with_its_key_is_answered_as_before(left: Left) -> None:
    replayed = left.desk.once().guess(left.vid("verified_once"), PIN)

    assert isinstance(replayed, Replayed)
    assert isinstance(replayed.answer, Judged)
    assert replayed.answer.verdict is Verdict.APPROVED


def test_test_numbers_verification_takes_its_fixed_pin_alone(left: Left) -> None:
    vid = left.vid("test")
    digest = (pin_digest(KEYS.newest(Use.PIN), verification_id=vid.text, digits=PIN),)
    purposes = (
        purpose_digest(KEYS.newest(Use.PURPOSE), verification_id=vid.text, purpose="login"),
    )

    drawn = left.desk.verdict(vid, PIN)
    fixed = left.desk.store.verify(
        vid, left.desk.call, purpose_digests=purposes, pin_digests=(b"",), fixed_pin_digests=digest
    )

    assert left.desk.read(vid).is_test
    assert drawn is Verdict.INCORRECT
    assert isinstance(fixed, Judged)
    assert fixed.verdict is Verdict.APPROVED


def test_receipt_of_an_earlier_message_finds_whose_it_is_and_its_cost_is_told(left: Left) -> None:
    news = left.desk.receive(DeliveryState.DELIVERED, request_id("resent"), cost=COST)

    assert news.is_move
    assert news.cost == COST
    assert news.message is not None
    vid = left.vid("resent")
    assert (news.message.random, news.message.number_tag) == (vid.random, vid.number_tag)
    assert (news.message.application_id, news.message.channel) == ("shop", Channel.VIBER)
    assert (news.message.country, news.message.send) == ("UA", 1)
    states = [each.state for each in left.desk.read(vid).deliveries]
    assert states == [DeliveryState.DELIVERED, DeliveryState.ACCEPTED]


def test_cost_that_was_counted_is_not_counted_again(left: Left) -> None:
    news = left.desk.receive(DeliveryState.SEEN, request_id("pending"), cost=COST)

    assert news.is_move
    assert news.cost is None
    assert left.desk.receive(DeliveryState.SEEN, request_id("pending"), cost=COST).cost is None


def test_cost_is_kept_no_longer_than_it_waits_to_be_counted(left: Left, view: StoreView) -> None:
    message = f"otp1:m:{request_id('resent')}".encode()

    for _ in range(2):
        left.desk.receive(DeliveryState.DELIVERED, request_id("resent"), cost=COST)

    fields = view.hashes()[message]
    assert b"k" not in fields
    assert fields[b"n"] == b"1"


def test_receipt_that_was_here_before_its_message_was_settled_is_told_then(left: Left) -> None:
    started = left.desk.read(left.vid("late"))

    settled = left.desk.store.settle(started, SendOutcome.ACCEPTED, request_id("late"))

    assert settled.early is not None
    assert (settled.early.state, settled.early.cost) == (DeliveryState.DELIVERED, COST)


def test_message_that_failed_is_followed_by_one_over_the_next_channel(left: Left) -> None:
    failed = left.desk.read(left.vid("failing"))

    fell_back = left.desk.fall_back(failed)

    assert failed.last_delivery.state is DeliveryState.FAILED
    assert fell_back.last_delivery.channel is Channel.SMS  # type: ignore[union-attr]
    assert left.desk.verdict(failed.id, PIN) is Verdict.APPROVED


def test_number_that_refuses_viber_is_still_known_to(left: Left) -> None:
    more = left.desk.at(HASTY).try_resend(left.vid("refused"), channels=BOTH)

    assert more.last_delivery.channel is Channel.SMS


def test_last_use_of_a_key_and_sessions_are_remembered(left: Left) -> None:
    (used,) = RedisKeyUses(left.connection, SilentJournal()).last_uses([KEY_USED])
    judged = RedisSessions(left.connection, SilentJournal(), IDS).count(
        PHONES["pending"], SessionKind.TEXT
    )

    assert used is not None
    assert not isinstance(judged, SessionBar)
    assert not NumberKeyMark(left.connection, NUMBER_KEY).is_of_another_key()


def test_support_tells_the_whole_story(left: Left, kind: Kind) -> None:
    files = NumberFiles(kind.connection, SilentJournal(), IDS, applications={"shop": SHOP})

    file = files.read(PHONES["pending"])

    assert [entry.decision for entry in file.entries] == [
        Decision.STARTED,
        Decision.MESSAGE_TAKEN,
        Decision.CODE_WRONG,
        Decision.RECEIPT,
        Decision.RECEIPT,
    ]
    (verification,) = file.verifications.values()
    assert verification.last_delivery.state is DeliveryState.DELIVERED
    assert {entry.verification for entry in file.entries} == set(file.verifications)
    assert file.unreadable == 0


def test_unlock_lifts_what_was_counted(left: Left, kind: Kind) -> None:
    files = NumberFiles(kind.connection, SilentJournal(), IDS, applications={"shop": SHOP})

    files.unlock(PHONES["guessed_out"], ["shop"])

    left.desk.started(phone=PHONES["guessed_out"])


def test_what_is_written_for_the_previous_release_is_as_that_release_wrote_it(
    kind: Kind, view: StoreView, watched: WatchedConnection
) -> None:
    ids = put_back(LEFT.read_text(), kind.connection, view)
    theirs = _shapes(view, ids)
    view.flush()
    scenes = Scenes(watched, is_cluster=kind.name == CLUSTER, for_previous_release=True)

    scenes.play()

    assert _shapes(view, scenes.ids) == theirs


def test_verification_goes_on_as_it_was_started_whoever_goes_on_with_it(
    left: Left, view: StoreView
) -> None:
    vid = left.vid("resent")
    left.desk.at(HASTY).take_back(left.desk.at(HASTY).resend(vid))
    left.desk.at(HASTY).resend(vid)

    (record,) = [value for key, value in view.hashes().items() if vid.random.encode() in key]

    assert b"R" not in record
    assert {b"b", b"l", b"w", b"h", b"y", b"t", b"g", b"o", b"e1", b"e2", b"e4"} <= set(record)
    end_ms = int(record[b"e"])
    assert (int(record[b"e4"]), int(record[b"b"])) == (end_ms, end_ms - 300_000)


@pytest.mark.parametrize("name", PHONES)
def test_forget_leaves_nothing_of_a_number(left: Left, kind: Kind, name: str) -> None:
    files = NumberFiles(kind.connection, SilentJournal(), IDS, applications={"shop": SHOP})

    files.forget(PHONES[name])

    tag = IDS.number_tag(PHONES[name]).encode()
    kept = [
        key
        for key, value in kind.view.everything().items()
        if tag in key or tag in repr(value).encode()
    ]
    assert kept == []


def test_all_of_it_ends(left: Left, view: StoreView) -> None:
    view.advance(timedelta(days=90))

    assert view.names() == []
    assert view.timelines() == {}


def _shapes(view: StoreView, ids: dict[str, str]) -> dict[str, dict[str, int]]:
    """Give the fields of what stands of each scene, with the length of each.

    But for what has to do with costs, which the previous release does not read once it is counted.
    """
    names = {}
    for name, text in ids.items():
        vid = IDS.read(text)
        assert vid is not None
        names |= {vid.random.encode(): name}
    names |= {request_id(name).encode(): name for name in ids}
    return {
        f"{name} {key.decode().partition(':')[2][:2]}": {
            field.decode(): len(value) for field, value in fields.items() if field != b"k"
        }
        for key, fields in view.hashes().items()
        for part, name in names.items()
        if part in key
    }

"""What can happen between callers and one number's budgets, and what the rules say to it.

The model knows of no Redis: every charge is a row of a list, every budget is counted afresh.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import strategies as st
from support.store_view import StoreView
from support.verifications import BOTH, BOTH_PLANS, PIN, RULES, WRONG_PIN, Desk

from otp_service.domain.application import Application
from otp_service.domain.limits import Budget, Charge, GuessBudget, NumberBudgets
from otp_service.domain.owner import OwnerRule
from otp_service.domain.verification import Channel, Status, Verification
from otp_service.ports import Ended, Judged, NoResend, OverBudget, ResendBar, Verdict
from otp_service.redis_store import RedisStore

MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
OWNERS = OwnerRule(addresses=2, remembered=100 * SECOND)
BUDGETS = NumberBudgets(
    (
        Budget("starts_short", Charge.START, 3, 20 * SECOND),
        Budget("starts_long", Charge.START, 6, 70 * SECOND),
        Budget("messages_short", Charge.MESSAGE, 4, 20 * SECOND),
        Budget("messages_long", Charge.MESSAGE, 8, 71 * SECOND),
    ),
    GuessBudget(
        "guesses", limit=4, window=90 * SECOND, waits=(2 * SECOND, 7 * SECOND, 90 * SECOND), step=2
    ),
    OWNERS,
)
SHOP, BANK = (
    Application(
        name,
        replace(RULES, life=60 * SECOND, attempts=3, resend_cooldown=timedelta(0)),
        BUDGETS,
        channels=BOTH,
    )
    for name in ("shop", "bank")
)
_LETTERS = {Charge.START: "s", Charge.MESSAGE: "m", Charge.WRONG_GUESS: "g"}
ADDRESSES = (None, "address-one-", "address-two-", "address_tri_", "address-four")


@dataclass(frozen=True)
class Start:
    application: Application
    address: str | None


@dataclass(frozen=True)
class Guess:
    at: int
    is_right: bool


@dataclass(frozen=True)
class Resend:
    at: int


@dataclass(frozen=True)
class FallBack:
    at: int


@dataclass(frozen=True)
class Replace:
    at: int


@dataclass(frozen=True)
class TakeBack:
    at: int


@dataclass(frozen=True)
class Cancel:
    at: int


@dataclass(frozen=True)
class Wait:
    span: timedelta


Event = Start | Guess | Resend | FallBack | Replace | TakeBack | Cancel | Wait

# Which of the messages that were stored so far, from the newest.
_AT = st.integers(0, 5)
EVENTS = st.one_of(
    st.builds(Start, st.just(SHOP), st.sampled_from(ADDRESSES)),
    st.builds(Start, st.just(SHOP), st.sampled_from(ADDRESSES[:2])),
    st.builds(Start, st.sampled_from([SHOP, BANK]), st.sampled_from(ADDRESSES)),
    st.builds(Guess, st.just(0), st.booleans()),
    st.builds(Guess, _AT, st.just(value=False)),
    st.builds(Guess, _AT, st.booleans()),
    st.one_of(st.builds(kind, _AT) for kind in (Resend, FallBack, Replace, TakeBack, Cancel)),
    st.builds(
        Wait, st.sampled_from([MILLISECOND, 2 * SECOND, 7 * SECOND, 19_999 * MILLISECOND, SECOND])
    ),
    st.builds(Wait, st.sampled_from([50 * SECOND, 100 * SECOND - MILLISECOND])),
)


@dataclass
class Row:
    """One charge."""

    application: str
    account: str | None
    kind: Charge
    at_ms: int
    charged_by: "Record"
    send: int = 0


@dataclass(eq=False)
class Record:
    """One verification.

    Args:
        ends: of each standing message, the end of its PIN.
        channels: of each standing message.
    """

    application: Application
    address: str | None
    account: str | None
    attempts_left: int
    status: Status = Status.PENDING
    is_gone: bool = False
    newest: int = 0
    ends: dict[int, int] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)

    @property
    def sends_left(self) -> int:
        return self.application.rules.sends - len(self.ends)


@dataclass
class Model:
    """One number, kept in the plainest way."""

    now_ms: int
    rows: list[Row] = field(default_factory=list)
    verified: dict[tuple[str, str], int] = field(default_factory=dict)
    stored: list[tuple[Record, int]] = field(default_factory=list)

    def owners(self, application: str) -> list[str]:
        """Give the addresses that count as owners, the latest first."""
        latest = sorted(
            (
                (at_ms, address)
                for (of, address), at_ms in self.verified.items()
                if of == application
            ),
            reverse=True,
        )
        remembered = _ms(OWNERS.remembered)
        return [
            address
            for at_ms, address in latest[: OWNERS.addresses]
            if self.now_ms - at_ms < remembered
        ]

    def account(self, application: Application, address: str | None) -> str | None:
        charged = {
            row.account
            for row in self.rows
            if row.application == application.id
            and self.now_ms - row.at_ms < _ms(BUDGETS.guesses.window)
        }
        is_owner = address in self.owners(application.id)
        return address if is_owner and len(charged - {None, address}) < OWNERS.addresses else None

    def play(self, event: Event) -> object:  # noqa: PLR0911 - one a kind of event
        """Let one event happen and give what is seen of it."""
        if isinstance(event, Wait):
            self.now_ms += _ms(event.span)
            return None
        if isinstance(event, Start):
            return self._start(event)
        if not self.stored:
            return None
        record, send = self.stored[-1 - event.at % len(self.stored)]
        if record.is_gone:
            return None
        match event:
            case Guess():
                return self._guess(record, is_right=event.is_right)
            case Resend():
                return self._one_more(record, Channel.VIBER)
            case FallBack():
                return self._fall_back(record, send)
            case Replace():
                return self._replace(record, send)
            case TakeBack():
                return self._take_back(record, send)
            case Cancel():
                return self._cancel(record)

    def can_happen(self, event: Event) -> bool:
        """Tell what no caller asks for: to replace a message that was taken back."""
        if not isinstance(event, Replace) or not self.stored:
            return True
        record, send = self.stored[-1 - event.at % len(self.stored)]
        return send in record.ends

    def log(self) -> list[tuple[str, str, str, int]]:
        """Give all charges that some budget may still reach, as ``log_of`` does."""
        return sorted(
            (row.application, _LETTERS[row.kind], row.account or "", row.at_ms)
            for row in self.rows
            if self.now_ms - row.at_ms < _ms(BUDGETS.guesses.window)
        )

    def _start(self, event: Start) -> object:
        account = self.account(event.application, event.address)
        refused = self._start_refusal(event.application, account)
        if refused:
            return refused
        rules = event.application.rules
        record = Record(event.application, event.address, account, rules.attempts)
        self._charge(record, Charge.START)
        return self._store(record, Channel.VIBER)

    def _guess(self, record: Record, *, is_right: bool) -> object:
        if over := self._over(record):
            return over
        if is_right:
            record.status = Status.APPROVED
            if record.address:
                self.verified[record.application.id, record.address] = self.now_ms
            return Verdict.APPROVED, record.attempts_left
        record.attempts_left -= 1
        self._charge(record, Charge.WRONG_GUESS)
        if record.attempts_left:
            return Verdict.INCORRECT, record.attempts_left
        record.status = Status.EXHAUSTED
        return Verdict.EXHAUSTED_NOW, 0

    def _one_more(self, record: Record, channel: Channel) -> object:
        if over := self._over(record):
            return over
        if not record.sends_left:
            account = self.account(record.application, record.address)
            wait = self._start_refusal(record.application, account)
            after = wait.retry_after if wait else timedelta(0)
            return NoResend(ResendBar.NO_SENDS_LEFT, after)
        refused = self._sliding_refusal(record.application, record.account, {Charge.MESSAGE})
        return refused or self._store(record, channel)

    def _fall_back(self, record: Record, failed: int) -> object:
        if over := self._over(record):
            return over
        if failed not in record.ends:
            return None
        if Channel.SMS in record.channels.values():
            return NoResend(ResendBar.NOT_NEEDED, timedelta(0))
        return self._one_more(record, Channel.SMS)

    def _replace(self, record: Record, send: int) -> object:
        if send not in record.ends or self._over(record):
            return None
        self._drop(record, send)
        return self._store(record, Channel.SMS)

    def _take_back(self, record: Record, send: int) -> object:
        if send not in record.ends:
            return None
        self._drop(record, send)
        if record.ends:
            return self._seen(record)
        self.rows = [
            row for row in self.rows if row.charged_by is not record or row.kind is not Charge.START
        ]
        record.is_gone = True
        return None

    def _cancel(self, record: Record) -> object:
        over = self._over(record)
        if over and over != Ended(Status.CANCELED):
            return over
        record.status = Status.CANCELED
        return Status.CANCELED

    def _over(self, record: Record) -> Ended | None:
        if record.status is not Status.PENDING:
            return Ended(record.status)
        return Ended(Status.EXPIRED) if self.now_ms >= max(record.ends.values()) else None

    def _store(self, record: Record, channel: Channel) -> object:
        record.newest += 1
        record.ends[record.newest] = self.now_ms + _ms(record.application.rules.life)
        record.channels[record.newest] = channel
        self._charge(record, Charge.MESSAGE, record.newest)
        self.stored.append((record, record.newest))
        return self._seen(record)

    def _drop(self, record: Record, send: int) -> None:
        del record.ends[send], record.channels[send]
        self.rows = [
            row
            for row in self.rows
            if (row.charged_by, row.kind, row.send) != (record, Charge.MESSAGE, send)
        ]

    def _seen(self, record: Record) -> object:
        return record.account, record.sends_left, record.attempts_left

    def _charge(self, record: Record, kind: Charge, send: int = 0) -> None:
        application = record.application.id
        self.rows.append(Row(application, record.account, kind, self.now_ms, record, send))

    def _times(self, application: Application, account: str | None, kind: Charge) -> list[int]:
        wanted = (application.id, account, kind)
        return [
            row.at_ms for row in self.rows if (row.application, row.account, row.kind) == wanted
        ]

    def _sliding_refusal(
        self, application: Application, account: str | None, kinds: set[Charge]
    ) -> OverBudget | None:
        refusals = []
        for budget in BUDGETS.sliding:
            times = self._times(application, account, budget.charge)
            inside = [at for at in times if self.now_ms - at < _ms(budget.window)]
            if budget.charge in kinds and len(inside) >= budget.limit:
                wait_ms = inside[-budget.limit] + _ms(budget.window) - self.now_ms
                refusals.append(
                    OverBudget(budget.name, wait_ms * MILLISECOND, is_owners=account is not None)
                )
        return max(refusals, key=lambda refusal: refusal.retry_after, default=None)

    def _start_refusal(self, application: Application, account: str | None) -> OverBudget | None:
        sliding = self._sliding_refusal(application, account, {Charge.START, Charge.MESSAGE})
        rule = BUDGETS.guesses
        times = self._times(application, account, Charge.WRONG_GUESS)
        inside = [at for at in times if self.now_ms - at < _ms(rule.window)]
        if len(inside) < rule.limit:
            return sliding
        stage = min((len(inside) - rule.limit) // rule.step, len(rule.waits) - 1)
        until_room = inside[-rule.limit] + _ms(rule.window)
        wait_ms = min(inside[-1] + _ms(rule.waits[stage]), until_room) - self.now_ms
        if wait_ms <= 0 or (sliding and sliding.retry_after >= wait_ms * MILLISECOND):
            return sliding
        return OverBudget(rule.name, wait_ms * MILLISECOND, is_owners=account is not None)


@dataclass
class Player:
    """Lets the same events happen to a store."""

    store: RedisStore
    stored: list[tuple[Application, Verification]] = field(default_factory=list)

    def play(self, event: Event) -> object:  # noqa: PLR0911 - one a kind of event
        if isinstance(event, Start):
            desk = Desk(self.store, event.application, address_tag=event.address)
            return self._seen(desk.application, desk.try_start(plans=BOTH_PLANS, pin=PIN))
        if isinstance(event, Wait) or not self.stored:
            return None
        application, at = self.stored[-1 - event.at % len(self.stored)]
        desk = Desk(self.store, application)
        match event:
            case Guess():
                return _judged(desk.guess(at.id, PIN if event.is_right else WRONG_PIN))
            case Resend():
                return self._seen(application, desk.try_resend(at.id, PIN))
            case FallBack():
                return self._seen(application, desk.fall_back(at, PIN))
            case Replace():
                return self._seen(application, desk.replace(at, PIN))
            case TakeBack():
                left = desk.take_back(at)
                return left and _shown(left)
            case Cancel():
                canceled = desk.cancel(at.id)
                return canceled.status if isinstance(canceled, Verification) else canceled

    def _seen(self, application: Application, answer: object) -> object:
        if not isinstance(answer, Verification):
            return answer
        self.stored.append((application, answer))
        return _shown(answer)


def log_of(view: StoreView, now_ms: int) -> list[tuple[str, str, str, int]]:
    """Give what stands in the logs of a store: application, kind, account, moment."""
    return sorted(
        (key.decode().split(":")[-1], member[:1], member[1:].rpartition(":")[0], at_ms)
        for key, log in view.logs().items()
        if b":n:" in key
        for member, at_ms in ((raw.decode(), at_ms) for raw, at_ms in log.items())
        if now_ms - at_ms < _ms(BUDGETS.guesses.window)
    )


def owners_of(view: StoreView, application: str, now_ms: int) -> list[str]:
    """Give the addresses that a store remembers as owners, the latest first."""
    latest = sorted(
        (
            (at_ms, member.decode())
            for key, owners in view.logs().items()
            if key.endswith(f":o:{application}".encode())
            for member, at_ms in owners.items()
        ),
        reverse=True,
    )
    return [member for at_ms, member in latest if now_ms - at_ms < _ms(OWNERS.remembered)]


def _shown(verification: Verification) -> object:
    return verification.owner_tag, verification.sends_left, verification.attempts_left


def _judged(answer: Judged | Ended | None) -> object:
    if isinstance(answer, Judged):
        return answer.verdict, answer.verification.attempts_left
    return answer


def _ms(span: timedelta) -> int:
    return span // MILLISECOND

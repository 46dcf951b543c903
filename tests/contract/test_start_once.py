"""Starts with one Idempotency-Key, whole: the use case over every kind of store."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.fakes import dispatcher, fixed_pins, open_gate
from support.parallel import side_by_side
from support.store_view import StoreView, WatchedConnection
from support.verifications import (
    IDS,
    KEYS,
    NUMBER_HASHES,
    ONCE,
    PHONE,
    PREFIXES,
    REQUEST_ID,
    SEALER,
    SHOP,
    Desk,
    SilentJournal,
)

from otp_service.domain.call import Call
from otp_service.domain.verification import Channel, Verification
from otp_service.errors import (
    IdempotencyKeyReused,
    PhoneUnreachable,
    ProviderFailed,
    RequestInProgress,
    TooManyRequests,
)
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from otp_service.redis_store import RedisClaims
from otp_service.service.start import StartCommand, StartVerification

CALL = Call(SHOP, idempotency=ONCE)
LOCK = timedelta(seconds=30)


class ProcessKilled(BaseException):
    """Stands for an end that no handler of errors sees."""


class Provider:
    """Takes every message, unless it is told otherwise."""

    channel = Channel.VIBER

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []
        self.verdict = SendVerdict.ACCEPTED
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def send(self, message: OutgoingMessage) -> SendReport:
        self.before()
        with self._lock:
            self.sent.append(message)
            number = len(self.sent)
        self.after()
        taken = self.verdict is SendVerdict.ACCEPTED
        return SendReport(self.verdict, "code_0", f"{REQUEST_ID}{number}" if taken else None)


class Service:
    """The use case over a real store."""

    def __init__(self, connection: WatchedConnection, desk: Desk) -> None:
        self.provider = Provider()
        self.desk = desk
        journal = SilentJournal()
        self._start = StartVerification(
            ids=IDS,
            prefixes=PREFIXES,
            number_hashes=NUMBER_HASHES,
            keys=KEYS,
            sealer=SEALER,
            store=desk.store,
            claims=RedisClaims(connection, journal, IDS),
            gate=open_gate(),
            dispatcher=dispatcher(desk.store, journal, self.provider),
            fixed_pins=fixed_pins(journal),
            journal=journal,
        )

    def start(self, call: Call = CALL) -> Verification:
        return self._start(call, StartCommand(phone=PHONE))

    def killed(self) -> None:
        with pytest.raises(ProcessKilled):
            self.start()
        self.provider.before = self.provider.after = lambda: None

    def approves(self, message: int, started: Verification) -> bool:
        guessed = self.desk.verdict(started.id, self.provider.sent[message].pin.digits)
        return str(guessed) == "approved"


def kill() -> None:
    raise ProcessKilled


@pytest.fixture
def service(watched: WatchedConnection, desk: Desk) -> Service:
    return Service(watched, desk)


def test_50_starts_side_by_side_are_one_verification_and_one_message(
    service: Service, view: StoreView
) -> None:
    def start() -> str:
        try:
            return service.start().id.text
        except RequestInProgress:
            return "in progress"

    answers = side_by_side([start] * 50)

    assert len(service.provider.sent) == 1
    assert len(set(answers) - {"in progress"}) == 1
    assert sum(b":v:" in key for key in view.names()) == 1


def test_repeated_start_is_the_first_answer_for_a_day(service: Service, view: StoreView) -> None:
    first = service.start()
    view.advance(timedelta(hours=23))

    again = service.start()

    assert replace(again, plan=first.plan) == first
    assert again.plan.unused == first.plan.unused
    assert len(service.provider.sent) == 1


def test_start_with_another_body_is_refused(service: Service) -> None:
    service.start()

    with pytest.raises(IdempotencyKeyReused):
        service.start(replace(CALL, idempotency=replace(ONCE, fingerprint=b"another")))

    assert len(service.provider.sent) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_start_killed_beside_its_send_is_continued_after_30_seconds(
    service: Service, view: StoreView, moment: str
) -> None:
    setattr(service.provider, moment, kill)
    service.killed()
    (record,) = (key for key in view.names() if b":v:" in key)
    with pytest.raises(RequestInProgress):
        service.start()

    view.advance(LOCK)
    continued = service.start()
    again = service.start()

    assert record.endswith(continued.id.random.encode())
    assert replace(again, plan=continued.plan) == continued
    assert len(service.provider.sent) == {"before": 1, "after": 2}[moment]
    assert continued.sends_left == 1
    assert service.approves(-1, continued)


def test_code_of_a_killed_start_that_arrived_after_all_still_works(
    service: Service, view: StoreView
) -> None:
    service.provider.after = kill
    service.killed()
    view.advance(LOCK)

    continued = service.start()

    assert service.approves(0, continued)


@pytest.mark.parametrize(
    ("verdict", "error"),
    [(SendVerdict.FAILED, ProviderFailed), (SendVerdict.NUMBER_REFUSED, PhoneUnreachable)],
)
def test_start_that_was_not_sent_leaves_nothing_and_can_be_repeated_at_once(
    service: Service, view: StoreView, verdict: SendVerdict, error: type[Exception]
) -> None:
    service.provider.verdict = verdict
    with pytest.raises(error):
        service.start()
    assert view.names() == []
    service.provider.verdict = SendVerdict.ACCEPTED

    assert service.start().sends_left == 2


def test_start_over_a_budget_leaves_its_key_free(service: Service, view: StoreView) -> None:
    for _ in range(5):
        service.start(Call(SHOP))
    before = view.names()

    with pytest.raises(TooManyRequests):
        service.start()

    assert view.names() == before
    view.advance(timedelta(hours=1))
    assert service.start().sends_left == 2

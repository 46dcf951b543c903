"""The use cases over a real store and a gate with budgets of the test's own."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

from support.fakes import FakeSender, dispatcher, fixed_pins
from support.verifications import (
    IDS,
    KEYS,
    NO_LIMITS,
    NUMBER_HASHES,
    PHONE,
    PREFIXES,
    RULES,
    SEALER,
    SilentJournal,
    new_verification,
)

from otp_service.domain.application import Application
from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.call import Call
from otp_service.domain.client_address import AddressScheme
from otp_service.domain.idempotency import Idempotency
from otp_service.domain.keys import Use
from otp_service.domain.policy import Place
from otp_service.domain.price import PriceTable
from otp_service.domain.proof import ProofScheme
from otp_service.domain.verification import Channel, Verification
from otp_service.errors import CodeIncorrect, OtpError, TooManyRequests, VerificationEnded
from otp_service.ports import NewVerification, SendVerdict
from otp_service.redis_store import (
    Connection,
    RedisBudgets,
    RedisClaims,
    RedisStore,
)
from otp_service.redis_store.watcher import Watcher
from otp_service.service.gate import Gate
from otp_service.service.resend import ResendCode
from otp_service.service.start import StartCommand, StartVerification
from otp_service.service.verify import VerifyCode

ADDRESSES = AddressScheme(b"number key of the tests, 32 byte")
HOUR = timedelta(hours=1)


def row(
    scope: Scope, counted: Counted, limit: int, window: timedelta = HOUR, *, name: str = ""
) -> BudgetRow:
    return BudgetRow(name or f"{scope}_{counted}", scope, counted, limit, window)


class GatedDesk:
    """An application's start, resend and verify, with a provider that does as it is told."""

    def __init__(
        self,
        connection: Connection,
        *rows: BudgetRow,
        is_cluster: bool,
        application: str = "shop",
        verdict: SendVerdict = SendVerdict.ACCEPTED,
        prices: PriceTable | None = None,
        watchers: Iterable[Watcher] = (),
    ) -> None:
        rules = replace(RULES, resend_cooldown=timedelta(0))
        self.application = Application(application, rules, NO_LIMITS, policy=rows)
        self.journal = SilentJournal()
        self.budgets = RedisBudgets(
            connection, self.journal, is_cluster=is_cluster, watchers=tuple(watchers)
        )
        self.store = RedisStore(connection, self.journal)
        self.gate = Gate(store=self.budgets, prices=prices or PriceTable())
        self.sender = FakeSender(verdict)
        dispatching = dispatcher(self.store, self.journal, self.sender, gate=self.gate)
        self._start = StartVerification(
            ids=IDS,
            prefixes=PREFIXES,
            number_hashes=NUMBER_HASHES,
            keys=KEYS,
            sealer=SEALER,
            store=self.store,
            claims=RedisClaims(connection, self.journal, IDS),
            gate=self.gate,
            dispatcher=dispatching,
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )
        self._resend = ResendCode(
            ids=IDS,
            store=self.store,
            dispatcher=dispatching,
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )
        self._verify = VerifyCode(
            ids=IDS,
            keys=KEYS,
            sealer=SEALER,
            proofs=ProofScheme(KEYS.accepted(Use.PROOF)),
            store=self.store,
            gate=self.gate,
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )

    def start(
        self,
        phone: str = PHONE,
        *,
        address: str | None = None,
        token: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> Verification:
        tag = ADDRESSES.tag(address) if address else None
        call = Call(self.application, address_tag=tag, token_id=token, idempotency=idempotency)
        return self._start(call, StartCommand(phone=phone))

    def tried(self, phone: str = PHONE, **origin: str) -> str:
        """Start, and give the budget that refused it, or another failure's code, or nothing."""
        try:
            self.start(phone, **origin)
        except TooManyRequests as refusal:
            return refusal.budget
        except OtpError as failure:
            return failure.code
        return ""

    def entered(self, new: NewVerification) -> str:
        """Do of a start what concerns the store alone; give the budget that refused it, if any."""
        place = Place(self.application, new.country, new.id.number_tag, new.prefix_tag)
        try:
            self.gate.enter(place, new.id, Channel.VIBER)
        except TooManyRequests as refusal:
            return refusal.budget
        self.store.start(new)
        return ""

    def resend(self, started: Verification) -> Verification:
        return self._resend(Call(self.application), started.id.text)

    def guess_wrong(self, started: Verification) -> bool:
        """Guess a code that is wrong; false if there was nothing to guess at."""
        try:
            self._verify(
                Call(self.application),
                verification_id=started.id.text,
                code="0000",  # too short to be any
                purpose="login",
            )
        except CodeIncorrect:
            return True
        except VerificationEnded:
            return False
        raise AssertionError("a wrong code was right")

    def right_code(self, started: Verification) -> None:
        """Guess the code that was sent last."""
        self._verify(
            Call(self.application),
            verification_id=started.id.text,
            code=self.sender.sent[-1].pin.digits,
            purpose="login",
        )


def numbers(count: int, *, ranges: int = 1) -> list[str]:
    """Give Ukrainian mobile numbers, spread over so many ranges of ten thousand."""
    return [f"+38067{100 + at % ranges}{at // ranges:04d}" for at in range(count)]


def in_threads(calls: Iterable[Callable[[], str]], *, threads: int = 32) -> list[str]:
    """Make every call, so many at a time."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda call: call(), calls))


SMS_AND_VIBER = PriceTable(default={Channel.VIBER: 400_000, Channel.SMS: 1_000_000})


def start_from_processes(
    connect: Callable[[], Connection],
    rows: tuple[BudgetRow, ...],
    starts: int,
    *,
    processes: int,
    is_cluster: bool,
) -> Counter[str]:
    """Start for as many numbers as there are starts, in threads of several processes."""
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(processes), context.Queue()
    share = starts // processes
    workers = [
        context.Process(
            target=_start_all, args=(connect, rows, at * share, share, is_cluster, gate, answers)
        )
        for at in range(processes)
    ]
    for worker in workers:
        worker.start()
    total: Counter[str] = Counter()
    for _ in workers:
        total.update(answers.get(timeout=60))
    for worker in workers:
        worker.join(60)
    answers.close()
    answers.join_thread()
    return total


def _start_all(  # noqa: PLR0917 - as Process hands them over
    connect: Callable[[], Connection],
    rows: tuple[BudgetRow, ...],
    first: int,
    count: int,
    is_cluster: bool,  # noqa: FBT001
    gate: Any,
    answers: Any,
) -> None:
    desk = GatedDesk(connect(), *rows, is_cluster=is_cluster)
    news = [
        new_verification(Call(desk.application), phone=phone)
        for phone in numbers(first + count, ranges=100)[first:]
    ]
    gate.wait(60)
    tried = in_threads([lambda new=new: desk.entered(new) for new in news])
    answers.put(Counter(tried))

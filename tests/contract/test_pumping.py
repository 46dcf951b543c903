"""Whoever pumps messages into a range of numbers, by the use cases, on every kind of store."""

import base64
import hashlib
import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from support.fakes import dispatcher, fixed_pins
from support.kinds import CLUSTER, Kind
from support.parallel import side_by_side
from support.store_view import StoreView, WatchedConnection
from support.street import rules
from support.verifications import (
    IDS,
    KEYS,
    NUMBER_HASHES,
    PREFIXES,
    REQUEST_ID,
    SEALER,
    SHOP,
    SilentJournal,
)

from otp_service.domain.application import Application
from otp_service.domain.call import Call
from otp_service.domain.destinations import DestinationLists
from otp_service.domain.events import StartJudged
from otp_service.domain.fraud import GuardMode
from otp_service.domain.keys import Use
from otp_service.domain.price import PriceTable
from otp_service.domain.proof import ProofScheme
from otp_service.domain.verification import Channel, Verification
from otp_service.errors import OtpError, PhoneUnreachable, ProviderFailed, TooManyRequests
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from otp_service.redis_store import Connection, FraudGuard, RedisBudgets, RedisStore
from otp_service.service.gate import Gate
from otp_service.service.start import StartCommand, StartVerification
from otp_service.service.verify import VerifyCode

# Ranges of a numbering plan's examples: +380 67 123 and 124, and +1 202 555.
PUMPED, NEIGHBOUR, ABROAD = "+38067123", "+38067124", "+1202555"
LIMIT = 4


class Phones:
    """A provider that takes every message and shows the PIN to whoever has the phone."""

    channel = Channel.VIBER

    def __init__(self) -> None:
        self.verdict = SendVerdict.ACCEPTED
        self.pins: dict[str, str] = {}

    def send(self, message: OutgoingMessage) -> SendReport:
        if self.verdict is SendVerdict.ACCEPTED:
            self.pins[message.phone] = message.pin.digits
        return SendReport(self.verdict, "code_0", f"{REQUEST_ID}{len(self.pins)}")


class Attacker:
    """Asks for codes to ever new numbers, from ever new addresses."""

    def __init__(
        self, connection: Connection, application: Application, *, is_cluster: bool
    ) -> None:
        self.application, self.phones, self.journal = application, Phones(), SilentJournal()
        self._fresh = itertools.count(1_000)
        store = RedisStore(connection, self.journal)
        budgets = RedisBudgets(
            connection,
            self.journal,
            is_cluster=is_cluster,
            watchers=[FraudGuard(self.journal)],
        )
        gate = Gate(store=budgets, prices=PriceTable())
        self._start = StartVerification(
            ids=IDS,
            prefixes=PREFIXES,
            number_hashes=NUMBER_HASHES,
            keys=KEYS,
            sealer=SEALER,
            store=store,
            gate=gate,
            dispatcher=dispatcher(store, self.journal, self.phones, gate=gate),
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )
        self._verify = VerifyCode(
            ids=IDS,
            keys=KEYS,
            sealer=SEALER,
            proofs=ProofScheme(KEYS.accepted(Use.PROOF)),
            store=store,
            gate=gate,
            fixed_pins=fixed_pins(self.journal),
            journal=self.journal,
        )

    def start(self, area: str = PUMPED) -> Verification:
        fresh = next(self._fresh)
        address = base64.urlsafe_b64encode(hashlib.sha256(b"%d" % fresh).digest()[:9]).decode()
        number = f"{area}{fresh}"
        started = self._start(Call(self.application, None, address), StartCommand(number))
        assert started.country in {"UA", "US"}
        return started

    def outcome(self, area: str = PUMPED) -> str:
        """Try a start, and give what came of it or the budget that stood in its way."""
        try:
            self.start(area)
        except TooManyRequests as refusal:
            return refusal.budget
        except OtpError as refusal:
            return refusal.code
        return "started"

    def type_in(self, started: Verification) -> None:
        """Verify, as people do who asked for a code themselves."""
        phone = SEALER.open(started.sealed_phone, bound_to=started.id.text)
        self._verify(
            Call(self.application),
            verification_id=started.id.text,
            code=self.phones.pins[phone],
            purpose="login",
        )


@pytest.fixture
def attacker(watched: WatchedConnection, kind: Kind) -> Attacker:
    guarded = replace(SHOP, fraud=rules(prefix=(LIMIT, 50), country=(15, 500)))
    return Attacker(watched, guarded, is_cluster=kind.name == CLUSTER)


def test_pumped_range_is_shut_alone_and_stays_shut_whoever_asks(attacker: Attacker) -> None:
    outcomes = [attacker.outcome() for _ in range(20)]

    assert outcomes == ["started"] * LIMIT + ["fraud_prefix_per_hour"] * 16
    assert len(attacker.phones.pins) == LIMIT
    assert [attacker.outcome(NEIGHBOUR), attacker.outcome(ABROAD)] == ["started"] * 2
    assert attacker.outcome() == "fraud_prefix_per_hour"


def test_refused_starts_keep_it_shut_no_longer(attacker: Attacker, view: StoreView) -> None:
    for _ in range(LIMIT):
        attacker.start()
    view.advance(timedelta(minutes=40))
    for _ in range(20):
        attacker.outcome()

    view.advance(timedelta(minutes=21))

    assert attacker.outcome() == "started"


def test_country_is_shut_where_the_attack_moves_from_range_to_range(attacker: Attacker) -> None:
    outcomes = [attacker.outcome(f"+38067{area}") for area in range(200, 230)]

    assert outcomes == ["started"] * 15 + ["fraud_country_per_hour"] * 15
    assert attacker.outcome(ABROAD) == "started"


def test_people_who_verify_are_not_kept_out(attacker: Attacker) -> None:
    for _ in range(30):
        attacker.type_in(attacker.start())

    assert attacker.outcome() == "started"


def test_refusal_says_when_to_come_back_and_tells_operators_why(attacker: Attacker) -> None:
    for _ in range(LIMIT):
        attacker.start()

    with pytest.raises(TooManyRequests) as refusal:
        attacker.start()

    assert timedelta(minutes=59) < refusal.value.retry_after <= timedelta(minutes=61)
    told = [event for event in attacker.journal.events if isinstance(event, StartJudged)][-1]
    assert (told.outcome, told.detail) == ("too_many_requests", "fraud_prefix_per_hour")


def test_shadow_refuses_nobody(attacker: Attacker) -> None:
    attacker.application = replace(SHOP, fraud=rules(GuardMode.SHADOW, prefix=(1, 1)))

    assert {attacker.outcome() for _ in range(20)} == {"started"}


def test_trusted_prefix_passes_and_uses_the_country_s_budget_up(attacker: Attacker) -> None:
    fraud = attacker.application.fraud
    trusting = DestinationLists(allowed_prefixes=frozenset({PUMPED}))
    attacker.application = replace(attacker.application, fraud=fraud, destinations=trusting)

    assert {attacker.outcome() for _ in range(20)} == {"started"}
    assert attacker.outcome(NEIGHBOUR) == "fraud_country_per_hour"


def test_start_that_no_provider_took_is_not_counted(attacker: Attacker) -> None:
    attacker.phones.verdict = SendVerdict.FAILED
    for _ in range(10):
        with pytest.raises(ProviderFailed):
            attacker.start()
    attacker.phones.verdict = SendVerdict.ACCEPTED

    assert [attacker.outcome() for _ in range(LIMIT)] == ["started"] * LIMIT
    assert attacker.outcome() == "fraud_prefix_per_hour"


@pytest.mark.parametrize("verdict", [SendVerdict.NUMBER_REFUSED, SendVerdict.UNKNOWN])
def test_start_to_a_number_that_is_refused_or_of_unknown_fate_is_counted(
    attacker: Attacker, verdict: SendVerdict
) -> None:
    attacker.phones.verdict = verdict
    for _ in range(LIMIT):
        if verdict is SendVerdict.UNKNOWN:
            attacker.start()
        else:
            with pytest.raises(PhoneUnreachable):
                attacker.start()

    assert attacker.outcome() == "fraud_prefix_per_hour"


def test_start_that_the_number_s_own_budget_refuses_is_not_counted(attacker: Attacker) -> None:
    command = StartCommand(f"{PUMPED}9999")
    attacker.application = replace(attacker.application, fraud=rules(prefix=(7, 50)))
    call = Call(attacker.application)
    for _ in range(5):
        attacker._start(call, command)
    for _ in range(10):
        with pytest.raises(TooManyRequests) as refusal:
            attacker._start(call, command)
        assert refusal.value.budget == "number_starts_per_hour"

    assert [attacker.outcome() for _ in range(3)] == ["started"] * 2 + ["fraud_prefix_per_hour"]


def test_attack_side_by_side_gets_no_more_than_the_budget(attacker: Attacker, kind: Kind) -> None:
    many = Attacker(kind.connection, attacker.application, is_cluster=kind.name == CLUSTER)

    outcomes = side_by_side([many.outcome] * 40)

    assert sorted(outcomes) == ["fraud_prefix_per_hour"] * 36 + ["started"] * LIMIT


@pytest.mark.parametrize("kind", ["embedded", "single", "sentinel"], indirect=True)
def test_start_and_verify_are_two_round_trips_each(
    attacker: Attacker, watched: WatchedConnection
) -> None:
    attacker.type_in(attacker.start())
    watched.commands.clear()

    started = attacker.start()
    start_commands = watched.commands.copy()
    watched.commands.clear()
    attacker.type_in(started)

    # The third of a start settles what became of its message.
    assert start_commands == ["EVALSHA", "EVALSHA", "EVALSHA+EVALSHA"]
    assert watched.commands == ["EVALSHA", "EVALSHA"]

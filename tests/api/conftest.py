from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient

from otp_service.api.admission import Admission
from otp_service.api.callback_routes import Callbacks
from otp_service.api.factory import OtpApi, create_api
from otp_service.api.operator_access import OperatorAccess
from otp_service.api.peer import TrustedProxies
from otp_service.domain.api_key import EVERY_SCOPE
from otp_service.domain.application import Application, VerificationRules
from otp_service.domain.caller import Caller
from otp_service.domain.client_address import AddressScheme
from otp_service.domain.client_token import ClientToken, ClientTokenScheme
from otp_service.domain.idempotency import IdempotencyScheme
from otp_service.domain.identity import VerificationId
from otp_service.domain.limits import GuessBudget, NumberBudgets
from otp_service.domain.verification import (
    Channel,
    Delivery,
    DeliveryState,
    LanguageReason,
    MessagePlan,
    Status,
    Verification,
)
from otp_service.service.use_cases import UseCases

READ_AT = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
NUMBER_KEY = b"number key of the tests, 32 bytes"
VERIFICATION_ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"


def an_application(name: str) -> Application:
    minute = timedelta(minutes=1)
    return Application(
        id=name,
        rules=VerificationRules(
            pin_digits=6,
            life=timedelta(minutes=5),
            attempts=5,
            sends=3,
            resend_cooldown=timedelta(seconds=30),
            retention=timedelta(hours=24),
            proof_life=timedelta(minutes=10),
        ),
        budgets=NumberBudgets(
            sliding=(),
            guesses=GuessBudget(
                name="guesses", limit=20, window=timedelta(days=1), waits=(minute,), step=5
            ),
        ),
    )


def a_caller(name: str, *, key_id: str = "web", **changes: Any) -> Caller:
    fields = {"fingerprint": f"print-of-{name}-{key_id}", "scopes": EVERY_SCOPE}
    return Caller(application=an_application(name), key_id=key_id, **fields | changes)


def a_token(**changes: Any) -> ClientToken:
    fields = {
        "id": "A1b2C3d4E5f6G7h8",
        "application_id": "shop",
        "key_id": "web",
        "key_fingerprint": "print-of-shop-web",
        "expires_at": READ_AT + timedelta(minutes=10),
        "purpose": "login",
    }
    return ClientToken(**fields | changes)


def a_delivery(**changes: Any) -> Delivery:
    fields = {
        "send": 1,
        "channel": Channel.VIBER,
        "template_id": 2,
        "language": "uk",
        "state": DeliveryState.ACCEPTED,
        "sent_at": READ_AT,
    }
    return Delivery(**fields | changes)


def a_verification(**changes: Any) -> Verification:
    fields = {
        "id": VerificationId(text=VERIFICATION_ID, random="r", number_tag="t"),
        "application_id": "shop",
        "purpose": "login",
        "status": Status.PENDING,
        "country": "UA",
        "masked_phone": "+380*******67",
        "sealed_phone": b"sealed",
        "life": timedelta(minutes=5),
        "attempts_left": 5,
        "sends_left": 2,
        "expires_at": READ_AT + timedelta(minutes=5),
        "resend_at": READ_AT + timedelta(seconds=30),
        "read_at": READ_AT,
        "plan": MessagePlan(
            channel=Channel.VIBER,
            template_id=2,
            language="uk",
            language_reason=LanguageReason.COUNTRY,
        ),
        "deliveries": (a_delivery(),),
    }
    return Verification(**fields | changes)


@dataclass
class FakeVerb:
    """Notes what it was called with, and answers or raises what it was told to."""

    answer: Any = None
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append((args, kwargs))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class FakeJournal:
    events: list[Any] = field(default_factory=list)

    def record(self, event: Any) -> None:
        self.events.append(event)


@dataclass
class SetClock:
    """Tells the time that a service of the tests was told."""

    service: "Service"

    def now(self) -> datetime:
        return self.service.now


@dataclass
class Service:
    """An API on fakes, and everything that a test may turn or look at."""

    keys: dict[str, Caller]
    allowed_hosts: frozenset[str] | None = None
    reasons: tuple[str, ...] = ()
    is_ending: bool = False
    journal: FakeJournal = field(default_factory=FakeJournal)
    now: datetime = READ_AT
    used: list[str] = field(default_factory=list)
    bound_ids: list[str] = field(default_factory=list)
    working_places: int = 8
    operators: OperatorAccess = field(default_factory=lambda: OperatorAccess(is_open=True))
    start: FakeVerb = field(default_factory=lambda: FakeVerb(a_verification()))
    resend: FakeVerb = field(default_factory=lambda: FakeVerb(a_verification()))
    verify: FakeVerb = field(default_factory=FakeVerb)
    cancel: FakeVerb = field(default_factory=lambda: FakeVerb(a_verification()))
    status: FakeVerb = field(default_factory=lambda: FakeVerb(a_verification()))
    proof: FakeVerb = field(default_factory=FakeVerb)
    mint: FakeVerb = field(default_factory=FakeVerb)
    addresses: AddressScheme = field(default_factory=lambda: AddressScheme(NUMBER_KEY))
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    tokens: ClientTokenScheme = field(
        default_factory=lambda: ClientTokenScheme(
            signing_keys=[b"k" * 32], sealing_keys=[b"s" * 32]
        )
    )
    callback_secrets: tuple[str, ...] = ()
    read_receipt: FakeVerb = field(default_factory=FakeVerb)
    read_reply: FakeVerb = field(default_factory=FakeVerb)
    receive: FakeVerb = field(default_factory=FakeVerb)
    hear: FakeVerb = field(default_factory=FakeVerb)

    def app(self) -> OtpApi:
        names = ("start", "resend", "verify", "cancel", "status", "proof", "receive", "mint")
        return create_api(
            use_cases=UseCases(**{name: getattr(self, name) for name in names}),
            addresses=self.addresses,
            proxies=self.proxies,
            idempotency=IdempotencyScheme(NUMBER_KEY),
            admission=self.admission(),
            operators=self.operators,
            readiness=lambda: self.reasons,
            is_ending=lambda: self.is_ending,
            metrics=lambda: (b"up 1\n", "text/plain; version=0.0.4; charset=utf-8"),
            callbacks=Callbacks(
                secrets=self.callback_secrets,
                read_receipt=self.read_receipt,
                read_reply=self.read_reply,
                receive=self.receive,
                hear=self.hear,
            ),
            journal=self.journal,
            working_places=self.working_places,
            allowed_hosts=self.allowed_hosts,
            bind_request_id=self.bound_ids.append,
        )

    def admission(self) -> Admission:
        digests = {sha256(key.encode()).digest(): caller for key, caller in self.keys.items()}
        return Admission(
            digests, clock=SetClock(self), note_use=self.used.append, tokens=self.tokens
        )

    def calls(self) -> int:
        verbs = (self.start, self.resend, self.verify, self.cancel, self.status, self.proof)
        return sum(len(verb.calls) for verb in verbs)


@pytest.fixture
def make_verification() -> Callable[..., Verification]:
    return a_verification


@pytest.fixture
def make_delivery() -> Callable[..., Delivery]:
    return a_delivery


@pytest.fixture
def make_caller() -> Callable[..., Caller]:
    return a_caller


@pytest.fixture
def make_token() -> Callable[..., ClientToken]:
    return a_token


@pytest.fixture
def make_application() -> Callable[[str], Application]:
    return an_application


@pytest.fixture
def service() -> Service:
    return Service(keys={"key-of-shop": a_caller("shop"), "key-of-bank": a_caller("bank")})


@pytest.fixture
def anonymous(service: Service) -> FlaskClient:
    return service.app().test_client()


@pytest.fixture
def client(service: Service) -> FlaskClient:
    client = service.app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer key-of-shop"
    return client

"""The use cases over a real store, called directly: no HTTP, and a provider that keeps the PINs.

What it costs a store to hold a great many verifications is asked of this.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from support.verifications import SilentJournal

from otp_service.domain.budget_row import Scope
from otp_service.domain.call import Call
from otp_service.domain.client_address import AddressScheme
from otp_service.domain.idempotency import Idempotency
from otp_service.domain.identity import IdScheme
from otp_service.domain.receipt import Cost, Receipt
from otp_service.domain.verification import Channel, DeliveryState, Verification
from otp_service.errors import (
    CodeIncorrect,
    ProviderFailed,
    TooManyRequests,
    VerificationExhausted,
)
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from otp_service.redis_store import RedisClaims, RedisStore
from otp_service.service.start import StartCommand
from otp_service.settings.loading import load_settings
from otp_service.settings.policy import shipped_budgets
from otp_service.wiring import wire_gate, wire_store, wire_use_cases

NUMBERS_PER_RANGE = 1_000
# Ranges of numbers that exist in as many countries: Ukraine, France, Poland, Spain.
_RANGES = ("+38067{:03}", "+3361{:03}", "+4850{:03}", "+3460{:03}")
_OUT_OF_REACH = 1_000_000_000
# A page of keys at a time: what a key has left to live, less a span.
_NEARER = """
local page = redis.call('SCAN', ARGV[1], 'COUNT', 1000)
for _, key in ipairs(page[2]) do
    local left_ms = redis.call('PTTL', key)
    if left_ms == -1 then
        return {key, page[1]}
    end
    redis.call('PEXPIRE', key, math.max(1, left_ms - tonumber(ARGV[2])))
end
return {'', page[1]}
"""
_COST = Cost("EUR", Decimal("0.0120"), "OtpTemplate")


class PinKeeper:
    """A sender that every message reaches, and that remembers the last PIN of each number."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.pins: dict[str, str] = {}
        self.failing: set[str] = set()

    def send(self, message: OutgoingMessage) -> SendReport:
        if message.phone in self.failing:
            return SendReport(SendVerdict.FAILED, "code_1")
        self.pins[message.phone] = message.pin.digits
        return SendReport(SendVerdict.ACCEPTED, "ok", secrets.token_hex(16))


class Direct:
    """One application with the shipped policy, its limits out of reach, over one store.

    Args:
        directory: where its settings file goes.
        audit_days: how long timelines are kept.
        shop: lines of the application's table.
        settings: environment variables, such as ``OTP_PIN_LIFE_SECONDS``.
    """

    def __init__(
        self, url: str, directory: Path, *, audit_days: int = 0, shop: str = "", **settings: str
    ) -> None:
        config = directory / "direct.toml"
        config.write_text(_config(shop))
        environ = {
            "OTP_CONFIG": str(config),
            "OTP_REDIS_URL": url,
            "OTP_AUDIT_RETENTION_DAYS": str(audit_days),
            "OTP_SECRET_KEYS": "s" * 40,
            "OTP_NUMBER_KEY": "n" * 40,
            "OTP_NXCLOUD_ACCESS_KEY": "access",
            "OTP_NXCLOUD_ACCESS_SECRET": "secret",
            "OTP_NXCLOUD_APPKEY": "app",
        }
        self._settings = load_settings(environ | settings)
        self._addresses = AddressScheme(self._settings.number_key_bytes())
        self.application = self._settings.domain_applications()["shop"]
        self.sender = PinKeeper(Channel.VIBER)
        journal = SilentJournal()
        # A great many events are nobody's concern here.
        journal.record = lambda event: None  # type: ignore[method-assign]
        store = wire_store(self._settings)
        self._use_cases = wire_use_cases(
            self._settings,
            RedisStore(store, journal, audit_kept=timedelta(days=audit_days)),
            journal,
            gate=wire_gate(self._settings, store, journal),
            claims=RedisClaims(store, journal, IdScheme(self._settings.number_key_bytes())),
        )
        # The one thing that is not as in production.
        hand_over = self._use_cases.start._dispatcher._hand_over
        hand_over._senders[Channel.VIBER]._sender = self.sender

    def start(
        self, phone: str, *, address: str | None = None, once: Idempotency | None = None
    ) -> Verification:
        return self._use_cases.start(self._call(address, once), StartCommand(phone))

    def verify(
        self, started: Verification, phone: str, *, once: Idempotency | None = None
    ) -> object:
        """Give the right code."""
        return self._guess(started, self.sender.pins[phone], once)

    def verify_wrongly(self, started: Verification, phone: str) -> object:
        pin = self.sender.pins[phone]
        return self._guess(started, f"{(int(pin) + 1) % 10 ** len(pin):0{len(pin)}}", None)

    def resend(self, started: Verification) -> Verification:
        return self._use_cases.resend(self._call(), verification_id=started.id.text, channel=None)

    def cancel(self, started: Verification) -> object:
        return self._use_cases.cancel(self._call(), verification_id=started.id.text)

    def receipts(self, started: Verification) -> None:
        """Let the provider tell that the last message was taken, at its cost, and then arrived."""
        request_id = started.last_delivery.request_id
        assert request_id is not None
        self._use_cases.receive(Receipt(request_id, DeliveryState.ACCEPTED))
        self._use_cases.receive(Receipt(request_id, DeliveryState.DELIVERED, cost=_COST))

    def _guess(self, started: Verification, code: str, once: Idempotency | None) -> object:
        return self._use_cases.verify(
            self._call(once=once), verification_id=started.id.text, code=code, purpose="login"
        )

    def _call(self, address: str | None = None, once: Idempotency | None = None) -> Call:
        tag = None if address is None else self._addresses.tag(address)
        return Call(self.application, "web", tag, idempotency=once)


class Lives:
    """Lives of verifications by turns, each of a number of its own: every way to begin and to end.

    Args:
        service: without a cooldown between messages.
    """

    def __init__(self, service: Direct) -> None:
        self._service = service
        self._lives: tuple[Callable[[str], object], ...] = (
            self._approved,
            self._approved_late,
            self._resent,
            self._repeated,
            self._exhausted,
            self._canceled,
            self._left,
            self._not_sent,
            self._refused,
        )

    @property
    def ways(self) -> int:
        return len(self._lives)

    def live(self, at: int, phone: str) -> None:
        self._lives[at % len(self._lives)](phone)

    def _approved(self, phone: str) -> None:
        started = self._service.start(phone, address=_address_of(phone))
        self._service.receipts(started)
        self._service.verify(started, phone)

    def _approved_late(self, phone: str) -> None:
        started = self._service.start(phone)
        with suppress(CodeIncorrect):
            self._service.verify_wrongly(started, phone)
        self._service.verify(started, phone)

    def _resent(self, phone: str) -> None:
        started = self._service.start(phone)
        self._service.receipts(self._service.resend(started))
        self._service.verify(started, phone, once=_once(f"verify {phone}"))

    def _repeated(self, phone: str) -> None:
        first, second = (self._service.start(phone, once=_once(phone)) for _ in range(2))
        assert first.id == second.id

    def _exhausted(self, phone: str) -> None:
        started = self._service.start(phone)
        for _ in range(5):
            with suppress(CodeIncorrect, VerificationExhausted):
                self._service.verify_wrongly(started, phone)

    def _canceled(self, phone: str) -> None:
        self._service.cancel(self._service.start(phone))

    def _left(self, phone: str) -> None:
        self._service.receipts(self._service.start(phone, address=_address_of(phone)))

    def _not_sent(self, phone: str) -> None:
        self._service.sender.failing.add(phone)
        with suppress(ProviderFailed):
            self._service.start(phone)
        self._service.sender.failing.discard(phone)

    def _refused(self, phone: str) -> None:
        """Ask for one more than a number may have in an hour, and tell its timeline."""
        for _ in range(6):
            with suppress(TooManyRequests):
                self._service.start(phone)


def let_pass(client: Any, span: timedelta) -> None:
    """Bring the end of every key nearer, and let Redis find by itself which have ended.

    Raises:
        AssertionError: a key has no end.
    """
    cursor, span_ms = "0", span // timedelta(milliseconds=1)
    while True:
        endless, cursor = client.eval(_NEARER, 0, cursor, span_ms)
        assert endless == b"", f"without an end: {endless}"
        cursor = cursor.decode()
        if cursor == "0":
            return


def numbers(count: int) -> Iterator[str]:
    """Give so many numbers that exist, a thousand from each range."""
    for at in range(count):
        which, within = divmod(at, NUMBERS_PER_RANGE)
        head = _RANGES[which % len(_RANGES)].format(which // len(_RANGES))
        yield f"{head}{within:04}"


def _once(what: str) -> Idempotency:
    digest = hashlib.sha256(what.encode()).hexdigest()
    return Idempotency(digest[:24], digest[:16].encode())


def _address_of(phone: str) -> str:
    number = int(phone) % 2**24
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _config(shop: str) -> str:
    rows = [row.name for row in shipped_budgets() if row.scope is not Scope.NUMBER]
    budgets = "".join(f'[[budgets]]\nname = "{name}"\nlimit = {_OUT_OF_REACH}\n' for name in rows)
    key = hashlib.sha256(b"k").hexdigest()
    # The guard counts all the same, and does not mind that most codes are never typed in.
    table = f'[applications.shop]\napi_keys_sha256 = ["{key}"]\nfraud_guard = "shadow"\n{shop}\n'
    return budgets + table

"""Verifications prepared for a load, by the service's own use case in processes of their own.

All of a start but HTTP and the provider: the gate charges, the record stands, its message is
settled and linked. So what is verified later is what a start leaves.
"""

import secrets
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from multiprocessing import get_context

from benchmarks.numbers import address_of, number_of
from benchmarks.service import APPLICATION, settings_of
from otp_service.domain.call import Call
from otp_service.domain.client_address import AddressScheme
from otp_service.domain.identity import IdScheme
from otp_service.domain.verification import Channel
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from otp_service.redis_store import RedisClaims, RedisStore
from otp_service.service.start import StartCommand
from otp_service.wiring import wire_gate, wire_store, wire_use_cases

_PROCESSES = 2
# Each waits for Redis most of the time.
_THREADS = 4

Prepared = list[tuple[str, str]]
"""Ids, each with its PIN."""


class Preparing:
    """Makes verifications until its block ends."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn"))

    def __enter__(self) -> "Preparing":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def __call__(
        self,
        environ: Mapping[str, str],
        how_many: int,
        *,
        first: int = 0,
        with_address: bool = True,
    ) -> Prepared:
        """Give so many live verifications in the store of a service with this environment.

        Args:
            first: of the people who start them.
            with_address: whether the starts name their users' addresses.
        """
        settings = tuple(sorted(environ.items()))
        share = -(-how_many // _PROCESSES)
        parts = [
            self._pool.submit(
                _prepare, settings, first + at, min(share, how_many - at), with_address
            )
            for at in range(0, how_many, share)
        ]
        return [each for part in parts for each in part.result()]


def wrong(code: str) -> str:
    """Give a PIN's neighbour."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def _prepare(
    settings: tuple[tuple[str, str], ...],
    first: int,
    how_many: int,
    with_address: bool,  # noqa: FBT001 - crosses to another process
) -> Prepared:
    person = _person(settings)

    def start(at: int) -> tuple[str, str]:
        return person(at, with_address=with_address)

    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(start, range(first, first + how_many)))


class _Person:
    """Starts verifications whose messages nobody takes, and learns their PINs."""

    channel = Channel.VIBER

    def __init__(self, environ: Mapping[str, str]) -> None:
        settings = settings_of(environ)
        number_key = settings.number_key_bytes()
        self._application = settings.domain_applications()[APPLICATION]
        self._addresses = AddressScheme(number_key)
        self._pins: dict[str, str] = {}
        connection = wire_store(settings)
        self._use_cases = wire_use_cases(
            settings,
            RedisStore(connection, self),
            self,
            gate=wire_gate(settings, connection, self),
            claims=RedisClaims(connection, self, IdScheme(number_key)),
        )
        # The one thing that is not as in production.
        hand_over = self._use_cases.start._dispatcher._hand_over
        hand_over._senders[Channel.VIBER]._sender = self

    def __call__(self, at: int, *, with_address: bool) -> tuple[str, str]:
        number = number_of(at)
        tag = self._addresses.tag(address_of(at)) if with_address else None
        call = Call(self._application, key_id="benchmark", address_tag=tag)
        verification = self._use_cases.start(call, StartCommand(number))
        return verification.id.text, self._pins.pop(number)

    def send(self, message: OutgoingMessage) -> SendReport:
        """Keep the PIN of a message."""
        self._pins[message.phone] = message.pin.digits
        return SendReport(SendVerdict.ACCEPTED, "code_0", secrets.token_hex(16))

    def record(self, event: object) -> None:
        """Take no note."""


@cache
def _person(settings: tuple[tuple[str, str], ...]) -> _Person:
    return _Person(dict(settings))

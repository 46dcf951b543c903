"""Verifications of every kind and state, each of a number of its own, left in a store.

What one release leaves, the next one reads: the same scenes are recorded by the one and acted on by
the other, so what is here stays as it is, and new scenes are added.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from support.gated import ADDRESSES, GatedDesk, row
from support.street import QUIET, Street
from support.verifications import (
    IDS,
    NUMBER_KEY,
    ONCE,
    PIN,
    REQUEST_ID,
    SECOND_PIN,
    WRONG_PIN,
    Desk,
    SilentJournal,
    new_verification,
    shop,
)

from otp_service.domain.budget_row import Counted, Scope
from otp_service.domain.context import Context
from otp_service.domain.identity import VerificationId
from otp_service.domain.policy import Place
from otp_service.domain.receipt import Cost
from otp_service.domain.session import SessionKind
from otp_service.domain.verification import Channel, DeliveryState
from otp_service.redis_store import (
    Connection,
    NumberKeyMark,
    RedisClaims,
    RedisKeyUses,
    RedisSessions,
    RedisStore,
)

PAYMENT = Context.of({"amount": "250.00", "payee": "Nova"})
ADDRESS, OWNER, TOKEN = "aB-_aB-_aB-_", "oW-_nE-_rR-_", "A1b2C3d4E5f6G7h8"
KEY_USED = "fingerprint-0123"
COST = Cost("EUR", Decimal("0.0120"), "OtpTemplate")
HASTY = shop(resend_cooldown=timedelta(0))
SHARED_ROWS = (row(Scope.ADDRESS, Counted.STARTS, 3), row(Scope.COUNTRY, Counted.STARTS, 4))

# Scene to number; the scenes are told apart by their last digits.
PHONES = {
    name: f"+3806712340{at:02}"
    for at, name in enumerate(
        (
            "pending", "resent", "addressed", "token", "context", "once", "approved", "proved",
            "exhausted", "canceled", "guessed_out", "started_out", "owned", "refused", "failing",
            "verified_once", "test", "late",
        )
    )
}  # fmt: skip


def request_id(name: str, send: int = 1) -> str:
    """Give the provider's id of a scene's message."""
    return f"{REQUEST_ID[:-4]}{list(PHONES).index(name):02x}{send:02x}"


class Scenes:
    """Leaves every scene in a store, and knows the ids.

    Args:
        writing: how the store is to write.
    """

    def __init__(self, connection: Connection, *, is_cluster: bool, **writing: bool) -> None:
        self._connection = connection
        self._desk = Desk(RedisStore(connection, SilentJournal(), **writing))
        self._hasty = self._desk.at(HASTY)
        self._is_cluster = is_cluster
        self.ids: dict[str, str] = {}

    def play(self) -> None:
        self._verifications()
        self._budgets()
        self._others()

    def _started(self, name: str, desk: Desk | None = None, **details: object) -> Desk:
        """Start a scene's verification and give the desk."""
        desk = desk or self._desk
        started = desk.start(phone=PHONES[name], request_id=request_id(name), **details)
        self.ids[name] = started.id.text
        return desk

    def _vid(self, name: str) -> VerificationId:
        vid = IDS.read(self.ids[name])
        assert vid is not None
        return vid

    def _verifications(self) -> None:
        desk, hasty = self._desk, self._hasty
        self._started("pending")
        desk.guess(self._vid("pending"), WRONG_PIN)
        desk.receive(DeliveryState.ACCEPTED, request_id("pending"))
        desk.receive(DeliveryState.DELIVERED, request_id("pending"), cost=COST)

        self._started("resent", hasty)
        resent = hasty.resend(self._vid("resent"), SECOND_PIN)
        hasty.settle(resent, request_id("resent", 2))

        self._started("addressed", replace(desk, address_tag=ADDRESS))
        self._started("token", replace(desk, token_id=TOKEN))
        self._started("context", context=PAYMENT)

        vid = IDS.new(PHONES["once"])
        RedisClaims(self._connection, SilentJournal(), IDS).claim(ONCE, vid)
        self._started("once", desk.once(), vid=vid)
        self._started("verified_once")
        desk.once().guess(self._vid("verified_once"), PIN)

        for name in ("approved", "proved"):
            self._started(name)
            desk.guess(self._vid(name), PIN)
        desk.prove(self._vid("proved"), consume=True)
        self._started("exhausted")
        desk.exhaust(self._vid("exhausted"))
        self._started("canceled")
        desk.cancel(self._vid("canceled"))
        new = replace(new_verification(desk.call, phone=PHONES["test"]), is_test=True)
        self.ids["test"] = new.id.text
        desk.store.start(new)
        # Its message is not settled yet, and its receipt is here already.
        self.ids["late"] = desk.started(phone=PHONES["late"]).id.text
        desk.receive(DeliveryState.DELIVERED, request_id("late"), cost=COST)
        self._started("failing")
        desk.receive(DeliveryState.FAILED, request_id("failing"), is_number_refused=True)

    def _budgets(self) -> None:
        desk = self._desk
        for _ in range(4):
            self._started("guessed_out")
            desk.exhaust(self._vid("guessed_out"))
        for _ in range(5):
            self._started("started_out")
        owner = replace(desk, address_tag=OWNER)
        self._started("owned", owner)
        owner.guess(self._vid("owned"), PIN)
        self._started("owned", owner)
        hasty = self._hasty
        self._started("refused", hasty)
        replaced = hasty.resend(self._vid("refused"))
        hasty.replace(replaced, refused=True)

        shared = GatedDesk(self._connection, *SHARED_ROWS, is_cluster=self._is_cluster)
        for at in range(3):
            vid = IDS.new(f"+38050000000{at}")
            place = Place(
                shared.application,
                "UA",
                vid.number_tag,
                address_tag=ADDRESSES.tag("192.0.2.1"),
            )
            shared.gate.enter(place, vid, Channel.VIBER)
        Street(self._connection, self._is_cluster).pump(4, QUIET, "PL")

    def _others(self) -> None:
        RedisKeyUses(self._connection, SilentJournal()).note_uses([KEY_USED])
        RedisSessions(self._connection, SilentJournal(), IDS).count(
            PHONES["pending"], SessionKind.TEXT
        )
        NumberKeyMark(self._connection, NUMBER_KEY).leave()

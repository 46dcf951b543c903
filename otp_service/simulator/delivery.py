"""What becomes of a Viber message after it was accepted, and who is told."""

from collections.abc import Callable
from datetime import datetime

from otp_service.simulator import receipt
from otp_service.simulator.account import Account, Charge
from otp_service.simulator.callbacks import Callbacks
from otp_service.simulator.chat import Entry, Message, Reply
from otp_service.simulator.inbox import Inbox
from otp_service.simulator.numbers import End, fate_of
from otp_service.simulator.receipt import Status
from otp_service.simulator.schedule import Schedule

DELIVERY_SECONDS = 0.3


class Delivery:
    """Lets messages arrive, and tells the sender of it and of what their readers do.

    Args:
        schedule: Does what is due later; it must not be kept waiting.
        clock: The provider's time.
        appkey: The application that replies go to.
        delivery_seconds: Until a message is on its phone.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        account: Account,
        callbacks: Callbacks,
        schedule: Schedule,
        clock: Callable[[], datetime],
        appkey: str,
        delivery_seconds: float = DELIVERY_SECONDS,
    ) -> None:
        self._inbox = inbox
        self._account = account
        self._callbacks = callbacks
        self._schedule = schedule
        self._clock = clock
        self._appkey = appkey
        self._delivery_seconds = delivery_seconds
        inbox.listen(self._note)

    def begin(self, message: Message, charge: Charge) -> None:
        """Let an accepted message take its course, as its number has it."""
        is_told_at_once = self._account.terms.cost_receipt == "success"
        self._tell(message, "success", charge if is_told_at_once else None)
        fate = fate_of(message.phone)
        end, delay = fate.end, fate.delay_seconds
        if end is None:
            return
        seconds = self._delivery_seconds if delay is None else delay
        cost = charge if end == "delivered" and not is_told_at_once else None
        for each in range(1, fate.times + 1):
            self._schedule.after(seconds * each, self._ending(message, end, cost))
            cost = None

    def _ending(self, message: Message, end: End, cost: Charge | None) -> Callable[[], None]:
        def let_it_end() -> None:
            self._inbox.update(message.id, end)
            self._tell(message, end, cost)

        return let_it_end

    def _note(self, entry: Entry) -> None:
        if isinstance(entry, Reply):
            # First, since a reply may be answered as soon as it is told.
            self._account.note_reply(entry.phone)
            told = receipt.reply(entry, appkey=self._appkey)
            self._callbacks.send("reply", told, request_id=entry.answers)
        else:
            self._tell(entry, "seen")

    def _tell(self, message: Message, status: Status, charge: Charge | None = None) -> None:
        told = receipt.receipt(message.id, status, at=self._clock(), charge=charge)
        self._callbacks.send("receipt", told, request_id=message.id, status=status)

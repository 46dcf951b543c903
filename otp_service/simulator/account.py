"""The account's money, its limits and its sessions: what a send may cost, and whether it may go."""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from otp_service.simulator import phone, sessions, terms
from otp_service.simulator.answer import (
    INSUFFICIENT_BALANCE,
    NO_QUOTATION,
    NO_ROUTE,
    Refused,
)
from otp_service.simulator.billing import SESSION, SMS, billed_as
from otp_service.simulator.sessions import Session
from otp_service.simulator.sms_answer import BALANCE, TOO_FAST, TOO_MANY_TO_NUMBER
from otp_service.simulator.submission import Submission
from otp_service.simulator.terms import Terms

MAX_NUMBERS = 10_000
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
_Known = TypeVar("_Known")


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What one message was billed as, and for how much."""

    billed_as: str
    price: Decimal
    currency: str


class Account:
    """One account, safe to share between threads: each send is judged and paid in one step.

    What is known of a number is kept for the last numbers written to, bounded.

    Args:
        begins_with: Its terms, and those it is put back to.
    """

    def __init__(self, begins_with: Terms | None = None, *, numbers: int = MAX_NUMBERS) -> None:
        self._begins_with = Terms() if begins_with is None else begins_with
        self._max_numbers = numbers
        self._lock = threading.Lock()
        self._terms = self._begins_with
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._sms_to: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._sms: deque[datetime] = deque()

    @property
    def terms(self) -> Terms:
        """The terms as they are now, with the balance that is left."""
        return self._terms

    def as_json(self) -> dict[str, Any]:
        """Give the account as the simulator's own API shows it."""
        return self._terms.as_json()

    def change(self, change: object) -> None:
        """Take over what a JSON object says otherwise.

        Raises:
            InvalidTerms: With the property that is wrong; nothing is changed.
        """
        with self._lock:
            self._terms = terms.changed(self._terms, change)

    def reset(self) -> None:
        """Put the account back to how it began, sessions and counts forgotten."""
        with self._lock:
            self._terms = self._begins_with
            self._sessions.clear()
            self._sms_to.clear()
            self._sms.clear()

    def note_reply(self, number: str) -> None:
        """Let the reader of this number have written."""
        with self._lock:
            self._keep(self._sessions, number, sessions.after_reply(self._session(number)))

    def charge_viber(self, content: Submission, *, at: datetime) -> Charge:
        """Bill one Viber message and pay it.

        Raises:
            Refused: With 9004, 9005, 9000 or 1102, in this order; nothing is counted or paid.
        """
        country = phone.country(content.phone)
        with self._lock:
            if country in self._terms.no_quotation:
                raise Refused(NO_QUOTATION, "the account has no quotation for this country")
            if country in self._terms.no_route:
                raise Refused(NO_ROUTE, "the account has no route to this country")
            place, session = None, None
            if content.rate_type == SESSION:
                place, session = sessions.after_send(self._session(content.phone), at=at)
            kind = billed_as(
                content,
                country=country,
                registered_texts=self._terms.registered_texts,
                place=place,
            )
            charge = self._pay(kind, INSUFFICIENT_BALANCE)
            if session is not None:
                self._keep(self._sessions, content.phone, session)
            return charge

    def charge_sms(self, number: str, *, at: datetime) -> Charge:
        """Bill one SMS and pay it.

        Raises:
            Refused: With 27, 28 or 3, in this order; nothing is counted or paid.
        """
        with self._lock:
            to_number = self._sms_to.get(number, deque())
            if _is_full(to_number, self._terms.sms_hourly_limit, since=at - _HOUR):
                raise Refused(TOO_MANY_TO_NUMBER, "this number has had its SMS of this hour")
            if _is_full(self._sms, self._terms.sms_per_second, since=at - _SECOND):
                raise Refused(TOO_FAST, "the account has had its SMS of this second")
            charge = self._pay(SMS, BALANCE)
            # What no limit asks for is not counted, or it would grow without a bound.
            if self._terms.sms_hourly_limit is not None:
                to_number.append(at)
                self._keep(self._sms_to, number, to_number)
            if self._terms.sms_per_second is not None:
                self._sms.append(at)
            return charge

    def _session(self, number: str) -> Session:
        return self._sessions.get(number, Session())

    def _pay(self, kind: str, code_if_poor: int) -> Charge:
        price = self._terms.price(kind)
        if price > self._terms.balance:
            raise Refused(code_if_poor, "the balance does not pay for this message")
        self._terms = self._terms.model_copy(update={"balance": self._terms.balance - price})
        return Charge(billed_as=kind, price=price, currency=self._terms.currency)

    def _keep(self, known: OrderedDict[str, _Known], number: str, value: _Known) -> None:
        known[number] = value
        known.move_to_end(number)
        while len(known) > self._max_numbers:
            known.popitem(last=False)


def _is_full(moments: deque[datetime], limit: int | None, *, since: datetime) -> bool:
    """Tell whether as many as the limit came after this moment; earlier ones are forgotten."""
    while moments and moments[0] <= since:
        moments.popleft()
    return limit is not None and len(moments) >= limit

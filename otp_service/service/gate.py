"""The gate: budgets that many numbers share, charged before anything is stored or sent.

A start enters here before it is stored with its number; a further message is charged here once it
is stored, for only its record says which range, country and address it belongs to. What something
else must say about starts or hear about guesses takes part in the same round trips, below the
``BudgetStore`` port.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress

from otp_service.budget_ports import BudgetStore, Charged
from otp_service.domain.application import Application
from otp_service.domain.budget_row import MILLIONTHS, Counted
from otp_service.domain.identity import VerificationId
from otp_service.domain.policy import Place, lines
from otp_service.domain.price import PriceTable
from otp_service.domain.verification import Channel, Verification
from otp_service.errors import Quota, StoreUnavailable, TooManyRequests
from otp_service.ports import OverBudget

_ALL_BUT_MONEY = frozenset({Counted.MONEY})
_NONCE_BYTES = 6


class Gate:
    """Charges and gives back.

    Args:
        prices: of messages, for the budgets of money.
    """

    def __init__(self, *, store: BudgetStore, prices: PriceTable) -> None:
        self._store = store
        self._prices = prices

    def enter(self, place: Place, vid: VerificationId, channel: Channel) -> Charged:
        """Charge a start with its first message.

        Args:
            channel: the one it is likely to take.

        Raises:
            TooManyRequests: one of the budgets; nothing was charged.
            StoreUnavailable: they cannot be read.
        """
        amounts = {
            Counted.STARTS: 1,
            Counted.SENDS: 1,
            # They only keep new starts away.
            Counted.WRONG_GUESSES: 0,
            Counted.MONEY: self._prices.price(place.country, channel),
        }
        return self._charge(place, amounts, f"{vid.random}s", is_start=True)

    def send(self, place: Place, verification: Verification) -> Charged:
        """Charge the newest message of a verification that has sent others.

        Raises: as for a start.
        """
        delivery = verification.last_delivery
        price = self._prices.price(place.country, delivery.channel)
        amounts = {Counted.SENDS: 1, Counted.MONEY: price}
        return self._charge(place, amounts, f"{verification.id.random}m{delivery.send}")

    def pay(
        self,
        place: Place,
        verification: Verification,
        channel: Channel,
        *,
        paid: Channel | None = None,
    ) -> Charged | None:
        """Charge the money, and no more, for the newest message's going over this channel.

        None where there is nothing to charge.

        Args:
            paid: the channel whose price was charged for it and is not lost.

        Raises: as for a start.
        """
        price = self._prices.price(place.country, channel)
        if paid is not None:
            price -= self._prices.price(place.country, paid)
        if price <= 0:
            return None
        amounts = {Counted.MONEY: price}
        send = verification.last_delivery.send
        return self._charge(place, amounts, f"{verification.id.random}c{send}{channel.value[0]}")

    def give_back(self, charged: Charged | None) -> None:
        """Undo charges of what was refused elsewhere, before anything was sent. Never raises.

        Args:
            charged: None where there was nothing to charge.
        """
        if charged is None:
            return
        with suppress(StoreUnavailable):
            self._store.give_back(charged)

    def give_back_all_but_money(self, charged: Charged) -> None:
        """Undo charges of a message that no provider took. Never raises.

        The money stays charged: what a provider bills is not for us to say.
        """
        with suppress(StoreUnavailable):
            self._store.give_back(charged, but=_ALL_BUT_MONEY)

    def note_guess(self, place: Place, *, is_right: bool) -> None:
        """Count a guess. Never raises: it is judged, and counted with its number, already."""
        wrong = () if is_right else lines(place, {Counted.WRONG_GUESSES: 1})
        with suppress(StoreUnavailable):
            self._store.count_guess(place, wrong, is_right=is_right)

    def _charge(
        self,
        place: Place,
        amounts: Mapping[Counted, int],
        reason: str,
        *,
        is_start: bool = False,
    ) -> Charged:
        # What costs nothing is not asked for its room: 0 would be a question here.
        counted = {what: n for what, n in amounts.items() if n or what is not Counted.MONEY}
        # A start that broke off is gone on with under its own name, and then charged and perhaps
        # given back once more; the store gives back a charge of one id once.
        charge_id = f"{reason}{secrets.token_urlsafe(_NONCE_BYTES)}"
        charged = self._store.charge(
            place, lines(place, counted), charge_id=charge_id, is_start=is_start
        )
        if isinstance(charged, OverBudget):
            raise too_many(
                place.application, charged, "Too many codes or guesses just now; try again later."
            )
        return charged


def place_of(
    application: Application, verification: Verification, *, token_id: str | None = None
) -> Place:
    """Say where what happens to a verification is counted: where its start was."""
    return Place(
        application,
        country=verification.country,
        number_tag=verification.id.number_tag,
        prefix_tag=verification.prefix_tag,
        address_tag=verification.address_tag,
        token_id=token_id,
    )


def too_many(application: Application, over: OverBudget, detail: str) -> TooManyRequests:
    """Give the refusal by a budget, with what the budget allows."""
    return TooManyRequests(
        detail,
        retry_after=over.retry_after,
        budget=over.budget,
        is_owners=over.is_owners,
        quota=_quota(application, over.budget),
    )


def _quota(application: Application, name: str) -> Quota | None:
    for row in application.policy:
        if row.name == name:
            scale = MILLIONTHS if row.counted is Counted.MONEY else 1
            return Quota(name, row.limit // scale, row.window)
    for budget in application.budgets.sliding:
        if budget.name == name:
            return Quota(name, budget.limit, budget.window)
    for guard in application.fraud.budgets:
        if guard.name == name:
            # What approvals add to it is the area's own.
            return Quota(name, guard.floor, guard.window)
    guesses = application.budgets.guesses
    return Quota(name, guesses.limit, guesses.window) if guesses.name == name else None

"""An application: one caller's tenant, with its brand, defaults and rules."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from otp_service.domain.budget_row import BudgetRow
from otp_service.domain.destinations import EVERYWHERE, DestinationLists
from otp_service.domain.fraud import GUARD_OFF, FraudRules
from otp_service.domain.limits import NumberBudgets
from otp_service.domain.sms_text import NO_AUTOFILL, SmsAutofill
from otp_service.domain.verification import Channel


@dataclass(frozen=True, slots=True)
class VerificationRules:
    """How long a verification of this application lives and what it may use.

    Args:
        pin_digits: length of each PIN.
        life: of each PIN, from its own send.
        attempts: guesses a verification, over all its PINs.
        sends: messages a verification, the first included.
        resend_cooldown: before the first resend; doubles with every further one.
        retention: how long a finished verification can still be read.
        proof_life: how long an approval can be shown to somebody else.
    """

    pin_digits: int
    life: timedelta
    attempts: int
    sends: int
    resend_cooldown: timedelta
    retention: timedelta
    proof_life: timedelta


@dataclass(frozen=True, slots=True)
class FixedPin:
    """A test number's PIN, and what holds for its number.

    Args:
        name: the number's public name, unique within the application.
        number_tag: stands for the number (``IdScheme``).
        pin_hash: stands for the PIN (``FixedPinScheme``).
        until: from then on the number is like any other; aware.
        starts_per_day: at most, in any 24 hours.
    """

    name: str
    number_tag: str = field(repr=False)
    pin_hash: str = field(repr=False)
    until: datetime
    starts_per_day: int

    def is_over(self, now: datetime) -> bool:
        """Tell whether its time is over."""
        return now >= self.until


@dataclass(frozen=True, slots=True)
class Application:
    """One tenant.

    Args:
        id: ``[a-z0-9_-]{1,32}``; part of every key and label.
        brand: fills ``business_name`` where the caller gives none.
        default_language: the provider's language code, used when neither the caller's locale nor
            the phone's country decides.
        default_country: ISO 3166-1 alpha-2, to read national numbers sent without a country.
        autofill: what lets phones fill in a code that comes by SMS.
        channels: in the order they are tried; each at most once.
        policy: the budgets beyond the number's own.
        token_life: how long a client token is good for starts.
        cors_origins: whose pages may read replies to client tokens, as browsers name them.
        fixed_pins: of its test numbers, each of another number.
        fraud: the guard of its starts.
        destinations: where its codes may go.
    """

    id: str
    rules: VerificationRules
    budgets: NumberBudgets
    brand: str | None = None
    default_language: str | None = None
    default_country: str | None = None
    autofill: SmsAutofill = NO_AUTOFILL
    channels: tuple[Channel, ...] = (Channel.VIBER,)
    policy: tuple[BudgetRow, ...] = ()
    token_life: timedelta = timedelta(minutes=10)
    cors_origins: frozenset[str] = frozenset()
    fixed_pins: tuple[FixedPin, ...] = ()
    fraud: FraudRules = GUARD_OFF
    destinations: DestinationLists = EVERYWHERE

    def channel_after(self, channel: Channel) -> Channel | None:
        """Give the channel to fall back to from another; None if there is none."""
        _, *later = self.channels_from(channel)
        return later[0] if later else None

    def channels_from(self, channel: Channel) -> tuple[Channel, ...]:
        """Give a channel and those that are tried after it, in their order."""
        if channel not in self.channels:
            return (channel,)
        return self.channels[self.channels.index(channel) :]

"""What was decided about one number and where it stands: what a support person asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from otp_service.domain.limits import Charge
from otp_service.domain.verification import Channel, DeliveryState, Status, Verification


class Decision(StrEnum):
    """What an entry of a timeline tells."""

    STARTED = "started"
    START_REFUSED = "start_refused"
    RESENT = "resent"
    RESEND_REFUSED = "resend_refused"
    FELL_BACK = "fell_back"
    FALL_BACK_REFUSED = "fall_back_refused"
    MESSAGE_TAKEN = "message_taken"
    MESSAGE_UNKNOWN = "message_unknown"
    MESSAGE_NOT_SENT = "message_not_sent"
    MESSAGE_REPLACED = "message_replaced"
    RECEIPT = "receipt"
    CODE_RIGHT = "code_right"
    CODE_WRONG = "code_wrong"
    CODE_WRONG_LAST = "code_wrong_last"
    GUESS_REFUSED = "guess_refused"
    CANCELED = "canceled"
    CANCEL_REFUSED = "cancel_refused"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, slots=True)
class UsedUp:
    """A budget of the number as it was when it was used up: ``limit`` charges in any ``window``."""

    charge: Charge
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision about a number. What does not belong to it is None.

    Args:
        at: by the store's clock.
        key_id: the public name of the API key that was shown.
        address_tag: stands for the end user's address (``AddressScheme``).
        verification: what its charges are called; it opens nothing.
        send: which message of the verification, from 1.
        request_id: the provider's own id of the message.
        reason: why, in a word of ours or the name of a budget that is not the number's own.
        used_up: the budget of the number that refused.
        wait: how long a refusal held.
        attempts_left: after a wrong guess.
        ended: how the verification had ended before.
        state: what a receipt told.
        lifted: counters lifted from the command line.
    """

    at: datetime
    decision: Decision
    application_id: str
    key_id: str | None = None
    address_tag: str | None = None
    verification: str | None = None
    send: int | None = None
    channel: Channel | None = None
    request_id: str | None = None
    reason: str | None = None
    used_up: UsedUp | None = None
    wait: timedelta | None = None
    attempts_left: int | None = None
    ended: Status | None = None
    state: DeliveryState | None = None
    lifted: int | None = None


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """How far one budget of a number is used.

    Args:
        name: as in the settings.
        used: charges in the window.
        wait: until it gives way; zero while there is room.
    """

    name: str
    charge: Charge
    used: int
    limit: int
    window: timedelta
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """What one application has charged to a number.

    Args:
        address_tag: of the owner whose own budgets these are; None for everybody else's.
    """

    application_id: str
    budgets: tuple[BudgetStanding, ...]
    address_tag: str | None = None

    @property
    def is_used(self) -> bool:
        """Whether anything is charged at all."""
        return any(budget.used for budget in self.budgets)


@dataclass(frozen=True, slots=True)
class Owner:
    """An address that verified a number for an application.

    Args:
        address_tag: stands for it (``AddressScheme``).
        verified_at: the last time.
    """

    application_id: str
    address_tag: str
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class NumberFile:
    """Everything that the store knows of one number.

    Args:
        read_at: by the store's clock.
        entries: oldest first, those of receipts among them.
        unreadable: entries that were written by another version of the service.
        verifications: as they stand, the newest last, by their charges' names.
        viber_refuses_for: how long it is still remembered that Viber refuses the number.
    """

    read_at: datetime
    entries: tuple[Entry, ...]
    standings: tuple[Standing, ...]
    verifications: Mapping[str, Verification] = field(default_factory=dict)
    owners: tuple[Owner, ...] = ()
    viber_refuses_for: timedelta | None = None
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased of one number.

    Args:
        number_keys: keys under the number's tag, and claims of starts that lead there.
        message_keys: what the provider told of messages to it.
    """

    number_keys: int
    message_keys: int

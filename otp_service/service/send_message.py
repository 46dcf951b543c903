"""Send any Viber message: checked, its session judged, its billing foretold."""

from contextlib import suppress
from dataclasses import dataclass, field

from otp_service.domain.phone import PhoneNumber, read_phone
from otp_service.domain.rate import TEMPLATE_COUNTRIES, Billing, RateType
from otp_service.domain.session import (
    MOST_IN_SESSION,
    MOST_UNANSWERED,
    SessionBar,
    SessionKind,
    SessionSend,
)
from otp_service.domain.viber_message import Text, ViberMessage
from otp_service.domain.viber_rules import country_problems, message_problems
from otp_service.errors import (
    DestinationNotAllowed,
    FieldProblem,
    InvalidRequest,
    PhoneInvalid,
    StoreUnavailable,
)
from otp_service.ports import SendVerdict
from otp_service.session_ports import SessionStore, ViberHandover

_KEPT = frozenset({SendVerdict.ACCEPTED, SendVerdict.UNKNOWN})
_BARS = {
    SessionBar.UNANSWERED: f"the user has not answered the last {MOST_UNANSWERED} Session messages",
    SessionBar.FULL: f"the session has had its {MOST_IN_SESSION} messages, the last one unanswered",
}


@dataclass(frozen=True, slots=True)
class SendResult:
    """What the provider made of a message.

    Args:
        reason: a word of a closed set, such as ``code_9002`` or ``timeout``.
        request_id: the provider's own id of the message, once it was accepted.
        billing: what an accepted message is billed as, foretold by the provider's rules; None for
            a Session message where nobody keeps sessions.
    """

    verdict: SendVerdict
    reason: str
    request_id: str | None
    billing: Billing | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of a message.

    Args:
        phone: E.164 with its plus sign.
        billing: as in a result.
    """

    phone: str = field(repr=False)
    billing: Billing | None


class SendMessage:
    """The use case.

    Args:
        sessions: None where nobody keeps them; then no Session message is refused or foretold.
    """

    def __init__(self, *, line: ViberHandover, sessions: SessionStore | None) -> None:
        self._line = line
        self._sessions = sessions

    def __call__(
        self, phone: str, message: ViberMessage, *, registered_template: bool = False
    ) -> SendResult:
        """Send one message.

        Args:
            phone: in international form, with a plus sign.
            registered_template: whether the text matches a template that Viber has registered for
                the account; some countries ask for that.

        Raises:
            InvalidRequest: names every field with which the provider would refuse it, by the names
                of the arguments and of the message's class; nothing was sent.
            StoreUnavailable: the session could not be judged; nothing was sent.
        """
        number = _check(phone, message, is_registered=registered_template)
        judged = None
        if self._sessions and message.rate_type == RateType.SESSION:
            judged = _allowed(self._sessions.count(number.e164, _kind(message)))
        # Before the message goes: whatever it says of itself must not fail once it is out.
        billing = _billing(message, judged, number, is_registered=registered_template)
        report = self._line.hand_over(number.e164, message)
        if self._sessions and judged and report.verdict not in _KEPT:
            # A count that cannot be taken back says one message too many: the safe side.
            with suppress(StoreUnavailable):
                self._sessions.take_back(number.e164, judged)
        return SendResult(report.verdict, report.reason, report.request_id, billing)

    def foretell(
        self, phone: str, message: ViberMessage, *, registered_template: bool = False
    ) -> Forecast:
        """Say what would become of a message now, and send nothing.

        Raises: as for a call.
        """
        number = _check(phone, message, is_registered=registered_template)
        judged = None
        if self._sessions and message.rate_type == RateType.SESSION:
            judged = _allowed(self._sessions.preview(number.e164, _kind(message)))
        billing = _billing(message, judged, number, is_registered=registered_template)
        return Forecast(number.e164, billing)


def _check(phone: str, message: ViberMessage, *, is_registered: bool) -> PhoneNumber:
    problems = message_problems(message)
    try:
        number = read_phone(phone, country=None)
    except (PhoneInvalid, DestinationNotAllowed) as refusal:
        raise InvalidRequest(FieldProblem("/phone", refusal.detail), *problems) from refusal
    problems += country_problems(message, country=number.country, is_registered=is_registered)
    if problems:
        raise InvalidRequest(*problems)
    return number


def _kind(message: ViberMessage) -> SessionKind:
    return SessionKind(message.function_type)


def _allowed(judged: SessionSend | SessionBar) -> SessionSend:
    if isinstance(judged, SessionBar):
        raise InvalidRequest(FieldProblem("/rate_type", _BARS[judged]))
    return judged


def _billing(
    message: ViberMessage, judged: SessionSend | None, number: PhoneNumber, *, is_registered: bool
) -> Billing | None:
    if message.rate_type != RateType.SESSION:
        return Billing(message.rate_type)
    if judged is None:
        return None
    is_plain = isinstance(message, Text) and judged.billing is Billing.TRANSACTIONAL
    if is_plain and number.country in TEMPLATE_COUNTRIES and not is_registered:
        # Outside of a session it is a text like any other, and this one matches no template.
        return Billing.PROMOTIONAL
    return judged.billing

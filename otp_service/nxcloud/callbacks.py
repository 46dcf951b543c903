"""What the provider calls back: receipts of our messages, and replies to them.

No signature is documented, so what is read here is to be trusted as far as the URL it came by.

Source:
    NXCloud, "Viber API webhook": receipts with their states, codes and cost; replies.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from otp_service.domain.receipt import Cost, Receipt, Reply
from otp_service.domain.verification import DeliveryState
from otp_service.errors import FieldProblem, InvalidRequest
from otp_service.nxcloud.reading import REQUEST_ID

_FAILED_AT_VIBER = 11_000
_NUMBER_REFUSED = 9002
_STATES = {
    "success": DeliveryState.ACCEPTED,
    "delivered": DeliveryState.DELIVERED,
    "seen": DeliveryState.SEEN,
    "failed": DeliveryState.FAILED,
    "expired": DeliveryState.EXPIRED,
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_RATE_TYPE = re.compile(r"[A-Za-z_-]{1,24}")
_PHONE = re.compile(r"[1-9][0-9]{6,14}")
_CODE = re.compile(r"-?[0-9]{1,9}")
_LONGEST_PRICE = 24


def read_receipt(content: Mapping[str, Any]) -> Receipt:
    """Read a receipt; what is not known of it is passed over.

    A cost that cannot be read costs the message its price, and nobody the news of the message.

    Args:
        content: the body's JSON object.

    Raises:
        InvalidRequest: it names no message, or no state there is.
    """
    status = content.get("status")
    problems = []
    if not isinstance(status, str) or status not in _STATES:
        problems.append(FieldProblem("/status", f"must be one of {', '.join(_STATES)}"))
    request_id = content.get("requestId")
    if not _is_request_id(request_id):
        problems.append(FieldProblem("/requestId", "must be the id of a message"))
    if problems:
        raise InvalidRequest(*problems)
    state = _STATES[str(status)]
    refusals = {_FAILED_AT_VIBER, _NUMBER_REFUSED}
    return Receipt(
        request_id=str(request_id),
        state=state,
        is_number_refused=state is DeliveryState.FAILED and _code(content) in refusals,
        cost=_cost(content.get("cost")),
    )


def read_reply(content: Mapping[str, Any]) -> Reply:
    """Read a reply to one of our messages.

    Args:
        content: the body's JSON object.

    Raises:
        InvalidRequest: it names no phone or no message of ours, or says nothing.
    """
    phone, request_id = content.get("phone"), content.get("traceRequestId")
    problems = []
    if not isinstance(phone, str) or not _PHONE.fullmatch(phone):
        problems.append(FieldProblem("/phone", "must be digits with the country code"))
    if not _is_request_id(request_id):
        problems.append(FieldProblem("/traceRequestId", "must be the id of a message"))
    if not _says_something(content.get("message")):
        problems.append(FieldProblem("/message", "must hold text, or media"))
    if problems:
        raise InvalidRequest(*problems)
    return Reply(phone=f"+{phone}", request_id=str(request_id))


def _is_request_id(value: object) -> bool:
    return isinstance(value, str) and REQUEST_ID.fullmatch(value) is not None


def _says_something(message: object) -> bool:
    return isinstance(message, dict) and any(
        isinstance(message.get(kind), str) for kind in ("text", "media")
    )


def _code(content: Mapping[str, Any]) -> int | None:
    code = content.get("code")
    if type(code) not in {int, str}:
        return None
    return int(str(code)) if _CODE.fullmatch(str(code)) else None


def _cost(value: object) -> Cost | None:
    """Read a cost: ``originalPrice`` is in ``currency``; ``localPrice`` is always in yuan."""
    if not isinstance(value, dict):
        return None
    currency, rate_type = value.get("currency"), value.get("rateType")
    amount = _amount(value.get("originalPrice"))
    if amount is None or not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        return None
    known = isinstance(rate_type, str) and _RATE_TYPE.fullmatch(rate_type)
    return Cost(currency, amount, str(rate_type) if known else "unknown")


def _amount(price: object) -> Decimal | None:
    if type(price) not in {int, float, str} or len(str(price)) > _LONGEST_PRICE:
        return None
    try:
        amount = Decimal(str(price))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < 10**6 else None

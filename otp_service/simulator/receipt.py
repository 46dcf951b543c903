"""The JSON of what is called back: receipts of messages, replies of readers.

Source:
    NXCloud, 'Viber webhook', 'Message Receipt' and 'Message Reply'.
"""

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from otp_service.simulator.account import Charge
from otp_service.simulator.billing import FREE, SESSION
from otp_service.simulator.chat import Reply

Status = Literal["success", "delivered", "seen", "failed", "expired"]

# The provider's own words.
_CODES: dict[Status, tuple[int, str]] = {
    "success": (0, "Successfully sent."),
    "failed": (11000, "Viber send error"),
    "delivered": (11001, "Viber message has delivered"),
    "seen": (11002, "Viber message has seen"),
    "expired": (11003, "Viber message has expired"),
}
# As in the provider's example, 29.89465 for 4.1234: the local price is in yuan.
_LOCAL_RATE = 7.25
_DECIMALS = 5


def receipt(
    request_id: str, status: Status, *, at: datetime, charge: Charge | None = None
) -> dict[str, Any]:
    """Give a receipt, with its cost where there is a charge to tell."""
    code, message = _CODES[status]
    told = {
        "status": status,
        "requestId": request_id,
        "code": code,
        "message": message,
        "sendTime": _send_time(at),
    }
    return told if charge is None else {**told, "cost": _cost(charge)}


def reply(entry: Reply, *, appkey: str) -> dict[str, Any]:
    """Give what the reader of a message answered."""
    if entry.file_name is None:
        message = {"text": entry.text}
    else:
        # Under a name that leads nowhere: RFC 2606 keeps .invalid for that.
        link = f"https://media.invalid/{quote(entry.file_name, safe='')}"
        message = {"media": link, "fileName": entry.file_name}
    return {
        "phone": entry.phone.removeprefix("+"),
        "appkey": appkey,
        "traceRequestId": entry.answers,
        "message": message,
        "sendTime": _send_time(entry.received_at),
    }


def _cost(charge: Charge) -> dict[str, Any]:
    price = float(charge.price)
    return {
        "currency": charge.currency,
        "localPrice": round(price * _LOCAL_RATE, _DECIMALS),
        "originalPrice": price,
        # The receipt knows no word for what a session has paid already.
        "rateType": SESSION if charge.billed_as == FREE else charge.billed_as,
    }


def _send_time(moment: datetime) -> str:
    """Write a moment as the provider does, which does not say in which zone: here in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

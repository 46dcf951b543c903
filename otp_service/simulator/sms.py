"""The provider's address for SMS: ``POST /api/sms/mtsend_v2``.

Source:
    NXCloud, 'SMS Downstream Sending v2', parameters.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, request

from otp_service.simulator import numbers, phone, sending
from otp_service.simulator.answer import Refused
from otp_service.simulator.chat import Message
from otp_service.simulator.field import is_text
from otp_service.simulator.sending import Channel, Provider
from otp_service.simulator.signature import Business
from otp_service.simulator.sms_answer import (
    ACCOUNT_DEACTIVATED,
    ADDRESS,
    APPLICATION_OR_KEY,
    CONTENT,
    NUMBER,
    PARAMETER,
    SENDER,
    TOO_LONG,
    accepted,
    refused,
)
from otp_service.simulator.submission import Submission

MAX_CHARACTERS = 1_000

_SENDER = re.compile(r"[0-9A-Za-z]{1,20}")
_MESSAGE_ID = re.compile(r"[0-9A-Za-z-]{10,50}")


def blueprint(provider: Provider) -> Blueprint:
    """Give the route of this provider."""
    routes = Blueprint("sms", __name__)

    @routes.post("/api/sms/mtsend_v2")
    def send() -> Response:
        return sending.answer(provider, SMS, request)

    return routes


def read(content: Mapping[str, Any], *, appkey: str) -> Submission:
    """Give the SMS this object asks for.

    Raises:
        Refused: With 1, 2, 6, 4, 5 or 8, in this order; at last with 2 for what is optional.
    """
    if content.get("appKey") != appkey:
        raise Refused(APPLICATION_OR_KEY, "no application has this appKey")
    for name in ("phone", "content"):
        if not isinstance(content.get(name), str):
            raise Refused(PARAMETER, f"{name} is missing or no text")
    number = phone.from_wire(content["phone"])
    if number is None:
        raise Refused(NUMBER, "phone is not 7 to 15 digits with the country code")
    if numbers.fate_of(number).is_sms_refused:
        raise Refused(NUMBER, "phone is a number that takes no SMS")
    text = content["content"]
    if not is_text(text):
        raise Refused(CONTENT, "content is empty or no whole text")
    if len(text) > MAX_CHARACTERS:
        raise Refused(TOO_LONG, f"content is longer than {MAX_CHARACTERS} characters")
    _check_optional(content)
    return Submission(phone=number, function_type="text", text=text, fields={"text": text})


def _check_optional(content: Mapping[str, Any]) -> None:
    sender = content.get("sourceAddress")
    if sender is not None and not (isinstance(sender, str) and _SENDER.fullmatch(sender)):
        raise Refused(SENDER, "sourceAddress is not 1 to 20 letters or digits")
    message_id = content.get("sysMessageId")
    if message_id is not None and not (
        isinstance(message_id, str) and _MESSAGE_ID.fullmatch(message_id)
    ):
        raise Refused(PARAMETER, "sysMessageId is not 10 to 50 letters, digits or hyphens")
    for name in ("drUrl", "ext"):
        if not isinstance(content.get(name, ""), str | None):
            raise Refused(PARAMETER, f"{name} is no text")


def _take(provider: Provider, content: Mapping[str, Any], *, sender_ip: str) -> Message:
    terms = provider.account.terms
    if not terms.is_enabled:
        raise Refused(ACCOUNT_DEACTIVATED, "the account is disabled")
    if terms.allowed_ips is not None and str(ip_address(sender_ip)) not in terms.allowed_ips:
        raise Refused(ADDRESS, "the account takes SMS from other addresses alone")
    asked = read(content, appkey=provider.keys.appkey)
    now = provider.clock()
    charge = provider.account.charge_sms(asked.phone, at=now)
    return provider.inbox.deliver(asked, at=now, billed_as=charge.billed_as, channel="sms")


SMS = Channel(
    name="sms",
    business=Business(biz_type="3", action="mtsend"),
    take=_take,
    accepted=accepted,
    refused=refused,
)

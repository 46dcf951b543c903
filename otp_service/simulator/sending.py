"""What every send meets, whatever its channel: signature, ordered faults, the message itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol

from flask import Request, Response, jsonify

from otp_service.simulator import chat, phone, signature, submission
from otp_service.simulator.account import Account
from otp_service.simulator.answer import PARAMETER_ERROR, Refused
from otp_service.simulator.callbacks import Callbacks
from otp_service.simulator.chat import Message
from otp_service.simulator.connection import lost_answer
from otp_service.simulator.delivery import Delivery
from otp_service.simulator.faults import Fault, Faults
from otp_service.simulator.inbox import Inbox
from otp_service.simulator.otp_template import Dialect
from otp_service.simulator.signature import Business, Keys

REASON_HEADER = "X-Simulator-Reason"
GARBAGE = b'{"code":0,"message":"Succ\xff\xfe\x00'


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One provider with its account, its phones and the faults it was told to have.

    Args:
        clock: The provider's time, for ``ts``, ``Date`` and ``received_at``.
        wait: Called with seconds, when a fault says so.
    """

    keys: Keys
    dialect: Dialect
    account: Account
    inbox: Inbox
    faults: Faults
    callbacks: Callbacks
    delivery: Delivery
    clock: Callable[[], datetime]
    wait: Callable[[float], None]


class Take(Protocol):
    """Puts the message that a JSON object asks for on its phone."""

    def __call__(
        self, provider: Provider, content: Mapping[str, Any], /, *, sender_ip: str
    ) -> Message:
        """Give the message, or raise ``Refused``."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One of the provider's interfaces for sending.

    Args:
        accepted: The JSON for a message that was taken, by its id.
        refused: The JSON for one that was not, by the code.
    """

    name: chat.Channel
    business: Business
    take: Take
    accepted: Callable[[str], dict[str, Any]]
    refused: Callable[[int], dict[str, Any]]


def answer(provider: Provider, channel: Channel, sent: Request) -> Response:
    """Answer one send, as ordered where a fault waits for it.

    A fault happens to whatever carries the account's signature, be the message right or not; a
    request that does not is refused and uses no fault up.
    """
    try:
        signature.authenticate(
            sent.headers,
            sent.get_data(),
            keys=provider.keys,
            business=channel.business,
            now_ms=int(provider.clock().timestamp() * 1_000),
        )
    except Refused as refusal:
        return _refusal(channel, refusal)
    fault = provider.faults.take(_addressee(sent), channel.name)
    if fault is None:
        return _deliver(provider, channel, sent)
    return _answer_badly(provider, channel, sent, fault)


def _answer_badly(provider: Provider, channel: Channel, sent: Request, fault: Fault) -> Response:
    if fault.kind == "code":
        return jsonify(channel.refused(fault.value))
    if fault.kind == "http_status":
        return _gateway_page(fault.value)
    if fault.kind == "delay_ms":
        provider.wait(fault.value / 1_000)
        return _deliver(provider, channel, sent)
    # The answer goes astray, the message does not.
    _deliver(provider, channel, sent)
    if fault.kind == "drop":
        return lost_answer(sent.environ)
    return Response(GARBAGE, content_type="application/json")


def _deliver(provider: Provider, channel: Channel, sent: Request) -> Response:
    try:
        if sent.mimetype != "application/json":
            raise Refused(PARAMETER_ERROR, "Content-Type is not application/json")
        content = submission.parse(sent.get_data())
        # Over a Unix socket there is no address: it is this machine.
        sender_ip = sent.remote_addr or "127.0.0.1"
        message = channel.take(provider, content, sender_ip=sender_ip)
    except Refused as refusal:
        return _refusal(channel, refusal)
    return jsonify(channel.accepted(message.id))


def _addressee(sent: Request) -> str | None:
    try:
        return phone.from_wire(submission.parse(sent.get_data()).get("phone"))
    except Refused:
        return None


def _refusal(channel: Channel, refusal: Refused) -> Response:
    response = jsonify(channel.refused(refusal.code))
    response.headers[REASON_HEADER] = refusal.reason
    return response


def _gateway_page(status: int) -> Response:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Fault"
    page = f"<html><head><title>{status} {phrase}</title></head></html>\n"
    return Response(page, status=status, content_type="text/html; charset=utf-8")

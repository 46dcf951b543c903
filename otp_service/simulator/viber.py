"""The provider's own address: ``POST /api/viber/mt``."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Request, Response, jsonify, request

from otp_service.simulator import phone, signature, submission
from otp_service.simulator.answer import PARAMETER_ERROR, Refused, accepted, refused
from otp_service.simulator.connection import lost_answer
from otp_service.simulator.faults import Fault, Faults
from otp_service.simulator.inbox import Inbox
from otp_service.simulator.otp_template import Dialect
from otp_service.simulator.signature import Account

REASON_HEADER = "X-Simulator-Reason"
GARBAGE = b'{"code":0,"message":"Succ\xff\xfe\x00'


def utc_now() -> datetime:
    """Give the time of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One provider with its account, its phones and the faults it was told to have.

    Args:
        clock: The provider's time, for ``ts``, ``Date`` and ``received_at``.
        wait: Called with seconds, when a fault says so.
    """

    account: Account
    dialect: Dialect
    inbox: Inbox = field(default_factory=Inbox)
    faults: Faults = field(default_factory=Faults)
    clock: Callable[[], datetime] = utc_now
    wait: Callable[[float], None] = time.sleep

    def answer(self, sent: Request) -> Response:
        """Answer one send, as ordered where a fault waits for it.

        A fault happens to whatever carries the account's signature, be the message right or not;
        a request that does not is refused and uses no fault up.
        """
        try:
            signature.authenticate(
                sent.headers,
                sent.get_data(),
                account=self.account,
                now_ms=int(self.clock().timestamp() * 1_000),
            )
        except Refused as refusal:
            return _refusal(refusal)
        fault = self.faults.take(_addressee(sent))
        if fault is None:
            return self._deliver(sent)
        return self._answer_badly(fault, sent)

    def _answer_badly(self, fault: Fault, sent: Request) -> Response:
        if fault.kind == "code":
            return jsonify(refused(fault.value))
        if fault.kind == "http_status":
            return _gateway_page(fault.value)
        if fault.kind == "delay_ms":
            self.wait(fault.value / 1_000)
            return self._deliver(sent)
        # The answer goes astray, the message does not.
        self._deliver(sent)
        if fault.kind == "drop":
            return lost_answer(sent.environ)
        return Response(GARBAGE, content_type="application/json")

    def _deliver(self, sent: Request) -> Response:
        try:
            if sent.mimetype != "application/json":
                raise Refused(PARAMETER_ERROR, "Content-Type is not application/json")
            content = submission.read(
                submission.parse(sent.get_data()),
                appkey=self.account.appkey,
                dialect=self.dialect,
            )
        except Refused as refusal:
            return _refusal(refusal)
        message = self.inbox.deliver(
            content, at=self.clock(), billed_as=content.rate_type or "Transactional"
        )
        return jsonify(accepted(message.id))


def blueprint(provider: Provider) -> Blueprint:
    """Give the route of this provider."""
    routes = Blueprint("viber", __name__)

    @routes.post("/api/viber/mt")
    def send() -> Response:
        return provider.answer(request)

    return routes


def _addressee(sent: Request) -> str | None:
    try:
        return phone.from_wire(submission.parse(sent.get_data()).get("phone"))
    except Refused:
        return None


def _refusal(refusal: Refused) -> Response:
    response = jsonify(refused(refusal.code))
    response.headers[REASON_HEADER] = refusal.reason
    return response


def _gateway_page(status: int) -> Response:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Fault"
    page = f"<html><head><title>{status} {phrase}</title></head></html>\n"
    return Response(page, status=status, content_type="text/html; charset=utf-8")

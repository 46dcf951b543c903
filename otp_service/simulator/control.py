"""The simulator's own API: read and empty the inbox, order and clear faults."""

import json

from flask import Blueprint, Response, abort, jsonify, request

from otp_service.simulator import faults as fault_order
from otp_service.simulator import phone
from otp_service.simulator.faults import Faults, InvalidFault
from otp_service.simulator.inbox import Inbox


def blueprint(inbox: Inbox, faults: Faults) -> Blueprint:
    """Give the routes under ``/simulator``."""
    routes = Blueprint("control", __name__, url_prefix="/simulator")

    @routes.get("/messages")
    def list_messages() -> Response:
        messages = inbox.messages(_queried_phone())
        return jsonify(messages=[message.as_json() for message in messages])

    @routes.delete("/messages")
    def empty_inbox() -> Response:
        number = _queried_phone()
        inbox.clear(number)
        return jsonify(messages=[])

    @routes.get("/faults")
    def list_faults() -> Response:
        return _listed(faults)

    @routes.put("/faults")
    def order_fault() -> Response:
        if not request.is_json:
            abort(415, "send the fault with Content-Type: application/json")
        try:
            order = json.loads(request.get_data())
        except (ValueError, RecursionError) as error:
            raise InvalidFault("the body is not JSON") from error
        faults.order(fault_order.read(order))
        return _listed(faults)

    @routes.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        return _listed(faults)

    @routes.errorhandler(InvalidFault)
    def explain(invalid: InvalidFault) -> tuple[Response, int]:
        return jsonify(error=invalid.detail, field=invalid.field), 400

    return routes


def _queried_phone() -> str | None:
    given = request.args.get("phone")
    if given is None:
        return None
    number = phone.from_person(given)
    if number is None:
        abort(400, "phone: not a phone number with its country code")
    return number


def _listed(faults: Faults) -> Response:
    return jsonify(faults=[fault.as_json() for fault in faults.waiting()])

"""The simulator's own API: the inbox, the faults and the account, read and changed."""

import json

from flask import Blueprint, Response, abort, jsonify, request

from otp_service.simulator import faults as fault_order
from otp_service.simulator import numbers, phone
from otp_service.simulator.account import Account
from otp_service.simulator.callbacks import Callbacks
from otp_service.simulator.faults import Faults, InvalidFault
from otp_service.simulator.inbox import Inbox, InvalidReply
from otp_service.simulator.sending import Provider
from otp_service.simulator.terms import InvalidTerms


class InvalidBody(Exception):
    """What arrived is no JSON."""

    detail = "the body is not JSON"
    field = None


def blueprint(provider: Provider) -> Blueprint:
    """Give the routes under ``/simulator``."""
    routes = Blueprint("control", __name__, url_prefix="/simulator")
    _add_messages(routes, provider.inbox)
    _add_faults(routes, provider.faults)
    _add_account(routes, provider.account)
    _add_callbacks(routes, provider.callbacks)
    _add_replies(routes, provider.inbox)

    @routes.errorhandler(InvalidBody)
    @routes.errorhandler(InvalidFault)
    @routes.errorhandler(InvalidReply)
    @routes.errorhandler(InvalidTerms)
    def explain(
        invalid: InvalidBody | InvalidFault | InvalidReply | InvalidTerms,
    ) -> tuple[Response, int]:
        return jsonify(error=invalid.detail, field=invalid.field), 400

    return routes


def _add_messages(routes: Blueprint, inbox: Inbox) -> None:
    @routes.get("/messages")
    def list_messages() -> Response:
        messages = inbox.messages(_queried_phone())
        return jsonify(messages=[message.as_json() for message in messages])

    @routes.delete("/messages")
    def empty_inbox() -> Response:
        number = _queried_phone()
        inbox.clear(number)
        return jsonify(messages=[])


def _add_faults(routes: Blueprint, faults: Faults) -> None:
    def listed() -> Response:
        return jsonify(faults=[fault.as_json() for fault in faults.waiting()])

    @routes.get("/faults")
    def list_faults() -> Response:
        return listed()

    @routes.put("/faults")
    def order_fault() -> Response:
        faults.order(fault_order.read(_sent_json()))
        return listed()

    @routes.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        return listed()


def _add_account(routes: Blueprint, account: Account) -> None:
    @routes.get("/account")
    def show_account() -> Response:
        return jsonify(account.as_json())

    @routes.put("/account")
    def change_account() -> Response:
        account.change(_sent_json())
        return jsonify(account.as_json())

    @routes.delete("/account")
    def reset_account() -> Response:
        account.reset()
        return jsonify(account.as_json())


def _add_callbacks(routes: Blueprint, callbacks: Callbacks) -> None:
    @routes.get("/callbacks")
    def list_callbacks() -> Response:
        latest = [record.as_json() for record in callbacks.latest()]
        return jsonify(is_configured=callbacks.is_configured, callbacks=latest)

    @routes.get("/numbers")
    def list_numbers() -> Response:
        return jsonify(numbers=numbers.as_json())


def _add_replies(routes: Blueprint, inbox: Inbox) -> None:
    @routes.post("/replies")
    def type_reply() -> tuple[Response, int]:
        number, text, file_name = _read_reply(_sent_json())
        return jsonify(inbox.add_reply(number, text, file_name=file_name).as_json()), 201


def _read_reply(order: object) -> tuple[str, str | None, str | None]:
    if not isinstance(order, dict):
        raise InvalidReply("the body is no JSON object", None)
    for name, value in order.items():
        if name not in {"phone", "text", "file_name"}:
            raise InvalidReply("give phone and either text or file_name", None)
        if not isinstance(value, str | None):
            raise InvalidReply("must be text", name)
    number = phone.from_person(order.get("phone") or "")
    if number is None:
        raise InvalidReply("not a phone number with its country code", "phone")
    return number, order.get("text"), order.get("file_name")


def _sent_json() -> object:
    if not request.is_json:
        abort(415, "send it with Content-Type: application/json")
    try:
        sent: object = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise InvalidBody from error
    return sent


def _queried_phone() -> str | None:
    given = request.args.get("phone")
    if given is None:
        return None
    number = phone.from_person(given)
    if number is None:
        abort(400, "phone: not a phone number with its country code")
    return number

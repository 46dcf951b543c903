"""One Viber message from the command line: to the provider, or to the terminal alone."""

import json
from dataclasses import replace
from typing import NoReturn

import click

from otp_service.cli.settings import settings_or_exit
from otp_service.domain.events import Event, ProviderNeedsAttention
from otp_service.domain.pin import Pin
from otp_service.domain.rate import RateType
from otp_service.domain.viber_message import OtpTemplate, ViberMessage
from otp_service.errors import FieldProblem, InvalidRequest, StoreUnavailable
from otp_service.nxcloud import Preview, SendResult, SendVerdict
from otp_service.wiring import wire_sessions, wire_store, wire_transport, wire_viber_client

_NOT_SENT = 1
_UNKNOWN = 3


class _Terminal:
    """Says what an operator should set right."""

    def record(self, event: Event) -> None:
        if isinstance(event, ProviderNeedsAttention):
            click.echo(f"problem: {event.advice}", err=True)


def hand_over(
    phone: str, message: ViberMessage, *, dry_run: bool, registered_template: bool = False
) -> None:
    """Send one message with the settings of the environment and say what came of it.

    Exits 0 only if the provider took it or ``dry_run`` showed it.
    """
    settings = settings_or_exit()
    if message.rate_type == RateType.SESSION and settings.has_embedded_store:
        click.echo("note: the embedded store remembers no session beyond this command", err=True)
    journal = _Terminal()
    with wire_transport(settings) as transport:
        sessions = wire_sessions(settings, wire_store(settings), journal)
        client = wire_viber_client(settings, transport, sessions=sessions, journal=journal)
        try:
            if dry_run:
                shown = _without_code(message)
                _show(client.preview(phone, shown, registered_template=registered_template))
            else:
                _tell(client.send(phone, message, registered_template=registered_template))
        except InvalidRequest as refusal:
            _refuse(*(f"{_field(each)}: {each.detail}" for each in refusal.problems))
        except StoreUnavailable:
            _refuse("Redis did not answer; without it no Session message can be judged")


def _field(problem: FieldProblem) -> str:
    return problem.pointer.rpartition("/")[2]


def _without_code(message: ViberMessage) -> ViberMessage:
    if isinstance(message, OtpTemplate):
        return replace(message, pin=Pin("*" * len(message.pin.digits)))
    return message


def _show(preview: Preview) -> None:
    click.echo(json.dumps(preview.content, indent=2, ensure_ascii=False))
    click.echo(f"billed as: {preview.billing}")


def _tell(result: SendResult) -> None:
    if result.verdict is SendVerdict.ACCEPTED:
        click.echo(f"accepted: {result.request_id}")
        click.echo(f"billed as: {result.billing}")
    elif result.verdict is SendVerdict.UNKNOWN:
        click.echo(f"unknown: {result.reason}; it may have been sent", err=True)
        raise SystemExit(_UNKNOWN)
    else:
        click.echo(f"not sent: {result.verdict} ({result.reason})", err=True)
        raise SystemExit(_NOT_SENT)


def _refuse(*problems: str) -> NoReturn:
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    raise SystemExit(_NOT_SENT)

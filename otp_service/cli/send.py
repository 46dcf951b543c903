"""``otp-service send``: one subcommand a function type."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

import click

from otp_service.cli.handing_over import hand_over
from otp_service.cli.templates import LONGEST_LIFE_SECONDS, SHORTEST_LIFE_SECONDS
from otp_service.domain.pin import Pin, draw_pin
from otp_service.domain.rate import RateType
from otp_service.domain.viber_message import (
    File,
    Image,
    OtpTemplate,
    Text,
    TextButton,
    TextImage,
    TextImageButton,
    Video,
    VideoText,
    VideoTextButton,
)

_CLASSES = (
    Image,
    TextImage,
    TextImageButton,
    TextButton,
    File,
    Video,
    VideoText,
    VideoTextButton,
)
_DRAWN_DIGITS = 6
_RATES = {rate.name.lower().replace("_", "-"): rate for rate in RateType}
_HELP: Mapping[str, str] = {
    "text": "What it says.",
    "image": "Link of the picture.",
    "button_text": "What the button says.",
    "button_link": "Link that the button opens.",
    "file_name": "Name of the file, as the user sees it.",
    "file_link": "Link of the file.",
    "file_type": "Type of the file, such as pdf.",
    "thumbnail": "Link of the picture that stands for the video.",
    "video_link": "Link of the video.",
    "video_size_bytes": "Size of the video, at most 200 MB.",
    "duration_seconds": "Length of the video, at most 600 s.",
}
_TEXTS: Mapping[str, str] = {
    "business_name": "Who asks.",
    "action": "What the code is for, such as payment.",
    "reason": "Why the user gets it.",
    "pin_type": "What the code is called, such as login.",
}

Decorator = Callable[[Any], Any]


@click.group("send")
def command() -> None:
    """Send one Viber message of any type, or show what would be sent.

    It goes out over the account of the settings. Exit 0 if the provider took it, 1 if it was not
    sent, 3 if nobody knows: then it must not be sent again blindly.
    """


def _shared(rates: Mapping[str, RateType]) -> Decorator:
    """Give the options that every subcommand has; the first rate is the default."""
    options = [
        click.option(
            "--to", "phone", required=True, metavar="NUMBER", help="With + and country code."
        ),
        click.option(
            "--rate",
            type=click.Choice(list(rates)),
            default=next(iter(rates)),
            show_default=True,
            help="What it asks to be billed as.",
        ),
        click.option(
            "--dry-run",
            is_flag=True,
            help="Send nothing; print the JSON, without appkey and code, and what it would be "
            "billed as.",
        ),
    ]
    return _all(options)


def _all(options: list[Decorator]) -> Decorator:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _option(name: str, help_text: str, **attributes: Any) -> Decorator:
    return click.option(f"--{name.replace('_', '-')}", name, help=help_text, **attributes)


def _add(message_class: type[Any]) -> None:
    """Add the subcommand of a class all of whose fields are required."""
    names = [field.name for field in fields(message_class) if field.name != "rate_type"]
    rates = {word: rate for word, rate in _RATES.items() if rate in message_class.rate_types}
    numbers = {field.name for field in fields(message_class) if field.type is int}

    @command.command(message_class.function_type.replace("_", "-"), help=message_class.__doc__)
    @_shared(rates)
    @_all(
        [
            _option(name, _HELP[name], required=True, type=int if name in numbers else str)
            for name in names
        ]
    )
    def send(phone: str, rate: str, *, dry_run: bool, **filled: Any) -> None:
        hand_over(phone, message_class(**filled, rate_type=rates[rate]), dry_run=dry_run)


@command.command("text")
@_shared({word: _RATES[word] for word in ("transactional", "session", "otp-template")})
@_option("text", "What it says; not with otp-template.")
@click.option(
    "--registered-template",
    is_flag=True,
    help="The text matches a template registered at Viber. Without it no transactional text goes "
    "to Russia, Ukraine or Belarus.",
)
@_option("template_id", "With otp-template: which of the nine.", type=int)
@_option("language", "With otp-template: the provider's code, such as uk.")
@_option("pin", "With otp-template: the code; drawn if not given, and then the phone's secret.")
@_option(
    "life_seconds",
    "With otp-template: how long the code lives; 300 if not given.",
    type=click.IntRange(SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS),
)
@_all([_option(name, f"With otp-template: {words}") for name, words in _TEXTS.items()])
def send_text(
    phone: str,
    rate: str,
    *,
    text: str | None,
    registered_template: bool,
    dry_run: bool,
    **template: Any,
) -> None:
    """A text: of one's own, or a code in one of the nine templates."""
    given = {name: value for name, value in template.items() if value is not None}
    message: Text | OtpTemplate
    if _RATES[rate] is RateType.OTP_TEMPLATE:
        if text is not None:
            raise click.UsageError("with --rate otp-template the template is the text")
        message = _template_message(**given)
    else:
        if given:
            options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise click.UsageError(f"only with --rate otp-template: {options}")
        message = Text(text=text or "", rate_type=_RATES[rate])
    hand_over(phone, message, dry_run=dry_run, registered_template=registered_template)


def _template_message(
    *,
    template_id: int = 1,
    language: str = "en",
    pin: str | None = None,
    life_seconds: int = 300,
    **texts: str,
) -> OtpTemplate:
    return OtpTemplate(
        template_id=template_id,
        language=language,
        pin=draw_pin(_DRAWN_DIGITS) if pin is None else Pin(pin),
        life=timedelta(seconds=life_seconds),
        texts=texts,
    )


for _class in _CLASSES:
    _add(_class)

"""What keeps a Viber message from being sent, by field, before the provider is asked.

Source:
    NXCloud, "Send Message" (Viber): the tables of function types, "File Type List", "OTP Template"
    and "OTP Template Lang".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from urllib.parse import urlsplit

from otp_service.domain.file_type import FILE_TYPES, read_file_type
from otp_service.domain.languages import LANGUAGES
from otp_service.domain.message_text import TEMPLATE_IDS, text_problem
from otp_service.domain.rate import TEMPLATE_COUNTRIES, RateType
from otp_service.domain.templates import TEMPLATES, template_faults
from otp_service.domain.viber_message import OtpTemplate, Text, ViberMessage
from otp_service.errors import FieldProblem

# The page's "200MB" in the greater of its two readings: what lies between them is the provider's
# to refuse, and could not be sent at all if we refused it wrongly.
MAX_VIDEO_BYTES = 200 * 1024 * 1024
MAX_VIDEO_SECONDS = 600

_SCHEMES = frozenset({"http", "https"})


def message_problems(message: ViberMessage) -> list[FieldProblem]:
    """Name every field with which the provider would refuse the message; none if it can be sent."""
    own = (
        _template_problems(message)
        if isinstance(message, OtpTemplate)
        else _field_problems(message)
    )
    return [*_rate_problems(message), *own]


def country_problems(
    message: ViberMessage, *, country: str, is_registered: bool
) -> list[FieldProblem]:
    """Name what keeps a message from being sent to a country at the rate it asks for.

    Args:
        country: ISO 3166-1 alpha-2 of the number.
        is_registered: whether the text matches a template that Viber has registered.
    """
    is_plain = isinstance(message, Text) and message.rate_type == RateType.TRANSACTIONAL
    if not is_plain or is_registered or country not in TEMPLATE_COUNTRIES:
        return []
    detail = f"to {country} a Transactional text must be a registered template, and called so"
    return [FieldProblem("/registered_template", detail)]


def _rate_problems(message: ViberMessage) -> Iterator[FieldProblem]:
    if message.rate_type not in message.rate_types:
        allowed = " or ".join(sorted(message.rate_types))
        yield FieldProblem("/rate_type", f"must be {allowed}")


def _field_problems(message: ViberMessage) -> Iterator[FieldProblem]:
    for field in fields(message):
        rule = _RULES.get(field.name)
        if rule and (problem := rule(getattr(message, field.name))):
            yield FieldProblem(f"/{field.name}", problem)


def _template_problems(message: OtpTemplate) -> Iterator[FieldProblem]:
    if problem := text_problem(message.pin.digits):
        yield FieldProblem("/pin", problem)
    if message.language not in LANGUAGES:
        yield FieldProblem("/language", f"must be one of {', '.join(LANGUAGES)}")
    for name, text in message.texts.items():
        if problem := _words_problem(text) or text_problem(text):
            yield FieldProblem(f"/texts/{name}", problem)
    # A switch and a fraction would find a template too.
    is_number = type(message.template_id) is int
    template = TEMPLATES.get(message.template_id) if is_number else None
    if template is None:
        yield FieldProblem("/template_id", f"must be {TEMPLATE_IDS[0]} to {TEMPLATE_IDS[-1]}")
        return
    faults = template_faults(template, message.texts, life=message.life)
    if strangers := [name for name in message.texts if name not in template.fields]:
        faults.append(f"does not hold {' and '.join(strangers)}")
    if faults:
        yield FieldProblem("/template_id", f"template {template.id} {'; it '.join(faults)}")


def _words_problem(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be text"
    if not value.strip():
        return "must not be empty"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "must not hold half of a surrogate pair"
    return None


def _link_problem(value: object) -> str | None:
    problem = _words_problem(value)
    return problem or (None if _is_link(str(value)) else "must be an http or https link to a host")


def _is_link(text: str) -> bool:
    # urlsplit drops some of these and lets others stand.
    if not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.hostname)


def _file_type_problem(value: object) -> str | None:
    problem = _words_problem(value)
    if problem or read_file_type(str(value)) is not None:
        return problem
    return f"must be one of {', '.join(FILE_TYPES)}"


def _count_problem(value: object, *, most: int) -> str | None:
    # A switch is no count, though Python takes it for one.
    if type(value) is not int or not 1 <= value <= most:
        return f"must be a whole number from 1 to {most}"
    return None


_RULES: Mapping[str, Callable[[object], str | None]] = {
    "text": _words_problem,
    "button_text": _words_problem,
    "file_name": _words_problem,
    "image": _link_problem,
    "button_link": _link_problem,
    "file_link": _link_problem,
    "thumbnail": _link_problem,
    "video_link": _link_problem,
    "file_type": _file_type_problem,
    "video_size_bytes": partial(_count_problem, most=MAX_VIDEO_BYTES),
    "duration_seconds": partial(_count_problem, most=MAX_VIDEO_SECONDS),
}

"""What a verification's messages will say, over each of the application's channels."""

from collections.abc import Sequence

from otp_service.domain.application import Application
from otp_service.domain.languages import LanguageChoice, choose_language
from otp_service.domain.message_text import BRAND_FIELD, MessageRequest
from otp_service.domain.pin import Pin
from otp_service.domain.sms_text import compose_sms, sms_holds
from otp_service.domain.templates import plan_template
from otp_service.domain.verification import Channel, MessagePlan


def plan_messages(
    application: Application, request: MessageRequest, *, locales: Sequence[str], country: str
) -> tuple[MessagePlan, ...]:
    """Plan a message for each channel, in the order they are tried.

    Args:
        request: checked.
        locales: language tags, the most wanted first.
        country: ISO 3166-1 alpha-2 of the number.

    Raises:
        InvalidRequest: ``template_id`` names a template that is not filled, or not true.
    """
    language = choose_language(locales, country=country, default=application.default_language)
    planners = {Channel.VIBER: _plan_viber, Channel.SMS: _plan_sms}
    return tuple(
        planners[channel](application, request, language) for channel in application.channels
    )


def _plan_viber(
    application: Application, request: MessageRequest, language: LanguageChoice
) -> MessagePlan:
    template = plan_template(request, life=application.rules.life, brand=application.brand)
    return MessagePlan(
        channel=Channel.VIBER,
        template_id=template.template_id,
        language=language.code,
        language_reason=language.reason,
        texts=template.texts,
        unused=template.unused,
    )


def _plan_sms(
    application: Application, request: MessageRequest, language: LanguageChoice
) -> MessagePlan:
    named = {name: text for name, text in request.texts.items() if name == BRAND_FIELD}
    held = _held(application, request, language) if named else frozenset()
    return MessagePlan(
        channel=Channel.SMS,
        template_id=None,
        language=language.code,
        language_reason=language.reason,
        texts=named,
        unused=tuple(name for name in request.texts if name not in held),
    )


def _held(
    application: Application, request: MessageRequest, language: LanguageChoice
) -> frozenset[str]:
    """Tell which of the caller's texts an SMS will have room for, whatever its PIN."""
    rules = application.rules
    sms = compose_sms(
        Pin("0" * rules.pin_digits),
        language=language.code,
        life=rules.life,
        brand=request.business_name,
        autofill=application.autofill,
    )
    return sms_holds(sms, request)

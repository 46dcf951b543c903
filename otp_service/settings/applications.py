"""Applications among the settings: their rules, their keys, and the domain's view of them."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from otp_service import data
from otp_service.domain.api_key import hash_key
from otp_service.domain.application import Application, VerificationRules
from otp_service.domain.budget_row import BudgetRow, Counted, Scope
from otp_service.domain.fraud import GuardMode
from otp_service.domain.limits import Budget, Charge, GuessBudget, NumberBudgets
from otp_service.domain.message_text import text_problem
from otp_service.domain.owner import OwnerRule
from otp_service.domain.sms_text import SmsAutofill
from otp_service.domain.verification import Channel
from otp_service.settings.api_keys import ApiKeySettings, KeyHash, plain_key
from otp_service.settings.fraud import FraudSettings, destination_lists, fraud_rules
from otp_service.settings.policy import (
    Budgets,
    BudgetSettings,
    is_guess_row,
    merged,
    shipped_budgets,
    standing_rows,
)
from otp_service.settings.proxies import read_origin
from otp_service.settings.test_numbers import FixedPinSettings, only_tables
from otp_service.settings.values import country_code, not_a_switch

DEMO_APPLICATION = "demo"
DEMO_API_KEY = "otp_demo"

_DEMO_SCOPES = frozenset({Scope.NUMBER, Scope.TOKEN})
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_CHARGES = {Counted.STARTS: Charge.START, Counted.SENDS: Charge.MESSAGE}
_GUESS_WAITS = (timedelta(minutes=1), timedelta(minutes=5), _HOUR, _DAY)
# Source: Google, "Perform SMS Verification on a Server": the first 11 characters of a Base64 text.
_APP_HASH = re.compile(r"[A-Za-z0-9+/]{11}")
# Source: RFC 1123 section 2.1 for the labels, RFC 3696 section 2 for the last, which no number is.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}", re.IGNORECASE)


def _brand(text: str) -> str:
    if problem := text_problem(text):
        raise ValueError(problem)
    return text


def _language(text: str) -> str:
    if text not in {row["code"] for row in data.load("languages.json")["languages"]}:
        raise ValueError("must be one of the provider's language codes, such as en, uk or br")
    return text


def _without_repeats(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    if len(set(channels)) < len(channels):
        raise ValueError("must name each channel once")
    return channels


def _tables(value: Any) -> Any:
    if isinstance(value, dict):
        raise ValueError("must be tables in double brackets: [[applications.<id>.api_keys]]")
    return value


def _app_hash(text: str) -> str:
    if not _APP_HASH.fullmatch(text):
        raise ValueError("must have 11 characters of A-Z, a-z, 0-9, + and /")
    return text


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise ValueError("must be a domain such as example.com, without scheme, port or path")
    return text.lower()


Number = Annotated[int, BeforeValidator(not_a_switch)]


class Rules(FraudSettings):
    """What holds for every verification; an application's table may set any of it anew.

    The widest bounds are here. Those that need ``unsafe_allow_weak_codes`` are checked apart.
    """

    pin_digits: Number = Field(default=6, ge=4, le=10)
    life_seconds: Number = Field(default=300, ge=30, le=3_600)
    attempts: Number = Field(default=5, ge=1, le=10)
    sends: Number = Field(default=3, ge=1, le=10)
    resend_cooldown_seconds: Number = Field(default=30, ge=0, le=3_600)
    retention_seconds: Number = Field(default=86_400, ge=60, le=86_400)
    proof_life_seconds: Number = Field(default=600, ge=1, le=86_400)
    client_token_life_seconds: Number = Field(default=600, ge=30, le=3_600)
    budgets: Budgets = ()
    owner_addresses: Number = Field(default=10, ge=0, le=10)
    owner_days: Number = Field(default=30, ge=1, le=90)


class ApplicationSettings(Rules):
    """One ``[applications.<id>]`` table. A rule it does not give is the service's own.

    Args:
        api_keys_sha256: SHA-256 of each API key that is good for everything, 64 hexadecimal digits.
        api_keys: further keys, each with a name and what it is good for.
        android_app_hash: names its Android app to the SMS Retriever API.
        web_otp_origin: the domain whose pages may read a code that came by SMS.
        channels: in the order they are tried.
        cors_origins: whose pages may call with a client token.
        mode: ``live``, or ``test`` for an application that nobody's access hangs on.
        allow_test_numbers: lets a live application have test numbers.
        test_numbers: numbers with a fixed PIN, which get no message.
    """

    brand: Annotated[str, AfterValidator(_brand)] | None = None
    api_keys_sha256: tuple[KeyHash, ...] = Field(default=(), repr=False)
    api_keys: Annotated[tuple[ApiKeySettings, ...], BeforeValidator(_tables)] = ()
    channels: Annotated[
        tuple[Channel, ...], Field(min_length=1), AfterValidator(_without_repeats)
    ] = (Channel.VIBER,)
    default_country: Annotated[str, AfterValidator(country_code)] | None = None
    default_language: Annotated[str, AfterValidator(_language)] | None = None
    android_app_hash: Annotated[str, AfterValidator(_app_hash)] | None = None
    web_otp_origin: Annotated[str, AfterValidator(_domain)] | None = None
    cors_origins: tuple[Annotated[str, AfterValidator(read_origin)], ...] = ()
    mode: Literal["live", "test"] = "live"
    allow_test_numbers: bool = False
    test_numbers: Annotated[tuple[FixedPinSettings, ...], BeforeValidator(only_tables)] = ()

    @property
    def every_key(self) -> tuple[ApiKeySettings, ...]:
        """All keys, in whichever way they are listed."""
        return (*map(plain_key, self.api_keys_sha256), *self.api_keys)

    @property
    def autofill(self) -> SmsAutofill:
        """The lines that let phones fill a code in."""
        return SmsAutofill(self.android_app_hash, self.web_otp_origin)

    def to_domain(self, application_id: str, *, defaults: Rules) -> Application:
        """Give the application with its own rules over the service's."""
        own = {
            name: getattr(self, name) for name in Rules.model_fields.keys() & self.model_fields_set
        }
        rules = defaults.model_copy(update=own)
        rows = standing_rows(self.budgets_over(defaults.budgets))
        return Application(
            id=application_id,
            rules=_verification_rules(rules),
            budgets=_number_budgets(rows, rules),
            brand=self.brand,
            default_language=self.default_language,
            default_country=self.default_country,
            autofill=self.autofill,
            channels=self.channels,
            fraud=fraud_rules(rules),
            destinations=destination_lists(self, defaults),
            policy=tuple(row for row in rows if not _is_kept_with_the_number(row)),
            token_life=timedelta(seconds=rules.client_token_life_seconds),
            cors_origins=frozenset(self.cors_origins),
            fixed_pins=tuple(entry.to_domain() for entry in self.test_numbers),
        )

    def budgets_over(self, service: Sequence[BudgetSettings]) -> tuple[BudgetSettings, ...]:
        """Give its budgets: its own rows over the service's, those over what comes with it."""
        return merged(shipped_budgets(), service, self.budgets)


class DemoApplicationSettings(ApplicationSettings):
    """The application of demo mode: the budgets of a number and of a token, and those named."""

    def budgets_over(self, service: Sequence[BudgetSettings]) -> tuple[BudgetSettings, ...]:
        """Give the budgets of single numbers and tokens, and those that the settings name."""
        named = {row.name for row in service}
        rows = merged(shipped_budgets(), service)
        return tuple(row for row in rows if row.scope in _DEMO_SCOPES or row.name in named)


def demo_application() -> ApplicationSettings:
    """Give the application of demo mode, with the one key that everybody knows."""
    return DemoApplicationSettings(
        api_keys_sha256=(hash_key(DEMO_API_KEY),),
        channels=(Channel.VIBER, Channel.SMS),
        fraud_guard=GuardMode.SHADOW,
    )


def _verification_rules(rules: Rules) -> VerificationRules:
    return VerificationRules(
        pin_digits=rules.pin_digits,
        life=timedelta(seconds=rules.life_seconds),
        attempts=rules.attempts,
        sends=rules.sends,
        resend_cooldown=timedelta(seconds=rules.resend_cooldown_seconds),
        retention=timedelta(seconds=rules.retention_seconds),
        proof_life=timedelta(seconds=rules.proof_life_seconds),
    )


def _is_kept_with_the_number(row: BudgetRow) -> bool:
    return row.scope is Scope.NUMBER and row.counted is not Counted.MONEY


def _number_budgets(rows: Sequence[BudgetRow], rules: Rules) -> NumberBudgets:
    of_number = [row for row in rows if _is_kept_with_the_number(row)]
    # What is wrong with them is named elsewhere; until then those that come with the service hold.
    guesses = next(filter(is_guess_row, [*of_number, *standing_rows(shipped_budgets())]))
    return NumberBudgets(
        sliding=tuple(
            Budget(row.name, _CHARGES[row.counted], limit=row.limit, window=row.window)
            for row in of_number
            if row.counted in _CHARGES
        ),
        guesses=GuessBudget(
            name=guesses.name,
            limit=guesses.limit,
            window=guesses.window,
            waits=_GUESS_WAITS,
            step=rules.attempts,
        ),
        owners=OwnerRule(
            addresses=rules.owner_addresses, remembered=timedelta(days=rules.owner_days)
        ),
    )

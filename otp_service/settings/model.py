"""Every setting with its type, bounds and default.

A field ``x`` is ``OTP_X`` in the environment and ``x`` in the TOML file. What every application may
set anew is in ``Rules``.
"""

import os
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo
from pydantic import field_validator as validates
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from otp_service.domain.application import Application
from otp_service.domain.caller import Caller
from otp_service.domain.clauses import Profile
from otp_service.domain.keys import MIN_SECRET_BYTES
from otp_service.domain.price import PriceTable
from otp_service.settings.addresses import (
    EMBEDDED_STORE,
    check_ca_file,
    check_provider_url,
    check_store_url,
)
from otp_service.settings.api_keys import KeyHash
from otp_service.settings.applications import (
    DEMO_APPLICATION,
    ApplicationSettings,
    Number,
    Rules,
    demo_application,
)
from otp_service.settings.policy import PriceSettings
from otp_service.settings.proxies import read_network
from otp_service.settings.values import not_a_switch

PREFIX = "OTP_"

# At the very most: one retry, one other spelling.
_EXCHANGES_PER_MESSAGE = 3

_Default = TypeVar("_Default")


def variable(field: str) -> str:
    """Give the environment variable of a setting: ``OTP_PORT`` for ``port``."""
    return PREFIX + field.upper()


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"must have at least {MIN_SECRET_BYTES} bytes")
    return secret


def _path_segment(secret: SecretStr) -> SecretStr:
    # Source: RFC 3986 section 2.3, the characters that no URL has to escape.
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", secret.get_secret_value()):
        raise ValueError("must have only letters, digits and -._~, for it stands in a URL")
    return secret


def _account_word(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not all("!" <= character <= "~" for character in text):
        raise ValueError("must be printable ASCII without blanks")
    return secret


def _source_address(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z]{0,20}", text):
        raise ValueError("must have 1 to 20 letters or digits")
    return text


def _store_url(secret: SecretStr) -> SecretStr:
    check_store_url(secret.get_secret_value())
    return secret


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _in_demo(demo: _Default, otherwise: _Default) -> Callable[[dict[str, Any]], _Default]:
    """Give the default of a setting that demo mode fills in."""
    return lambda known: demo if known["demo"] else otherwise


def _random_secret() -> SecretStr:
    return SecretStr(secrets.token_urlsafe(MIN_SECRET_BYTES))


def _default_workers(known: dict[str, Any]) -> int:
    """Give one worker a core; one in all where the workers could not share what they know."""
    if known["demo"] or known["redis_url"].get_secret_value() == EMBEDDED_STORE:
        return 1
    return _usable_cores()


def _usable_cores() -> int:
    """Give the cores this process may run on, where the system can tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


LogLevel = Literal["debug", "info", "warning", "error"]
Key = Annotated[SecretStr, AfterValidator(_long_enough)]
CallbackSecret = Annotated[Key, AfterValidator(_path_segment)]
AccountWord = Annotated[SecretStr, AfterValidator(_account_word)]
CaFile = Annotated[str, AfterValidator(check_ca_file)]
StoreUrl = Annotated[SecretStr, AfterValidator(_store_url)]
SourceAddress = Annotated[str, AfterValidator(_source_address)]
ProviderUrl = Annotated[str, AfterValidator(check_provider_url)]
ApplicationId = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
ProxyNetwork = Annotated[IPv4Network | IPv6Network, BeforeValidator(read_network)]
Profiles = Annotated[tuple[Profile, ...], BeforeValidator(_one_or_more)]
Seconds = Annotated[float, BeforeValidator(not_a_switch), Field(gt=0, le=60)]


class Settings(Rules, BaseSettings):
    """The settings of one process. Made by ``load_settings`` alone, so that they hold together.

    An empty secret or URL is one that is not given; outside demo mode the loader has refused that.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, validate_default=False)

    demo: bool = False
    unsafe_allow_weak_codes: bool = False
    profile: Profiles = ()

    redis_url: StoreUrl = Field(
        default_factory=_in_demo(SecretStr(EMBEDDED_STORE), otherwise=SecretStr(""))
    )
    redis_sentinel_password: SecretStr = SecretStr("")
    redis_ca_file: CaFile = ""
    redis_connect_timeout_seconds: Seconds = 1
    redis_read_timeout_seconds: Seconds = 1
    redis_wait_replicas: Number = Field(default=0, ge=0, le=5)
    redis_wait_timeout_ms: Number = Field(default=500, ge=1, le=59_999)

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Number = Field(default=8_000, ge=1, le=65_535)
    workers: Number = Field(default_factory=_default_workers, ge=1, le=256)
    threads: Number = Field(default=256, ge=1, le=1_024)
    sends_share_percent: Number = Field(default=75, ge=1, le=100)
    drain_seconds: Number = Field(default=0, ge=0, le=300)
    operator_keys_sha256: tuple[KeyHash, ...] = Field(default=(), repr=False)
    public_docs: bool = False
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = "info"
    redis_max_connections: Number = Field(
        default_factory=lambda known: known["threads"], ge=1, le=4_096
    )

    trusted_proxy_hops: Number = Field(default=0, ge=0, le=10)
    trusted_proxies: tuple[ProxyNetwork, ...] = ()
    audit_retention_days: Number = Field(default=7, ge=0, le=90)
    write_for_previous_release: bool = False

    secret_keys: tuple[Key, ...] = Field(
        default_factory=lambda known: (_random_secret(),) if known["demo"] else ()
    )
    number_key: Key = Field(
        default_factory=lambda known: _random_secret() if known["demo"] else SecretStr("")
    )

    nxcloud_access_key: AccountWord = Field(
        default_factory=_in_demo(SecretStr("sim_access"), otherwise=SecretStr(""))
    )
    nxcloud_access_secret: AccountWord = Field(
        default_factory=_in_demo(SecretStr("sim_secret"), otherwise=SecretStr(""))
    )
    nxcloud_appkey: AccountWord = Field(
        default_factory=_in_demo(SecretStr("sim_app"), otherwise=SecretStr(""))
    )
    nxcloud_sms_appkey: AccountWord = SecretStr("")
    nxcloud_sms_source_address: SourceAddress = ""
    nxcloud_base_url: ProviderUrl = Field(
        default_factory=_in_demo("http://127.0.0.1:8001", otherwise="https://api2.nxcloud.com")
    )
    nxcloud_dialect: Literal["documented", "current", "auto"] = "auto"
    nxcloud_connect_timeout_seconds: Seconds = 2
    nxcloud_read_timeout_seconds: Seconds = 8
    nxcloud_breaker_failures: Number = Field(default=10, ge=0, le=10_000)
    nxcloud_breaker_open_seconds: Seconds = 5
    nxcloud_callback_secrets: tuple[CallbackSecret, ...] = ()

    prices: PriceSettings = PriceSettings()

    applications: dict[ApplicationId, ApplicationSettings] = Field(
        default_factory=dict, validate_default=True
    )

    @classmethod
    def settings_customise_sources(
        cls, *_: Any, **sources: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what the loader has read and nothing else, whatever this process was started with.

        The stock sources stop at the first thing they cannot read, pass over names they do not
        know, and know no secret files with a name of their own each.
        """
        return (sources["init_settings"],)

    @validates("applications")
    @classmethod
    def _with_demo(
        cls, tables: dict[str, ApplicationSettings], info: ValidationInfo
    ) -> dict[str, ApplicationSettings]:
        if not info.data.get("demo"):
            return tables
        if DEMO_APPLICATION in tables:
            raise ValueError(f"must not hold {DEMO_APPLICATION!r} in demo mode, which adds its own")
        return {**tables, DEMO_APPLICATION: demo_application()}

    @property
    def has_embedded_store(self) -> bool:
        """True with ``memory://``."""
        return self.redis_url.get_secret_value() == EMBEDDED_STORE

    def secret_key_bytes(self) -> tuple[bytes, ...]:
        """Give the secrets to derive keys from, newest first."""
        return tuple(key.get_secret_value().encode() for key in self.secret_keys)

    def number_key_bytes(self) -> bytes:
        """Give the secret behind the numbers' tags."""
        return self.number_key.get_secret_value().encode()

    def sms_appkey(self) -> str:
        """Give the appkey of SMS: Viber's, if it has none of its own."""
        own = self.nxcloud_sms_appkey.get_secret_value()
        return own or self.nxcloud_appkey.get_secret_value()

    def longest_send(self) -> timedelta:
        """Give the longest that handing a message over may take, all time-outs at their ends."""
        exchange = self.nxcloud_connect_timeout_seconds + self.nxcloud_read_timeout_seconds
        return timedelta(seconds=_EXCHANGES_PER_MESSAGE * exchange)

    def sends_at_a_time(self) -> int:
        """Give how many messages one worker may have on their way: one at least."""
        return max(1, self.threads * self.sends_share_percent // 100)

    def price_table(self) -> PriceTable:
        """Give what messages cost."""
        return self.prices.to_table()

    def domain_applications(self) -> dict[str, Application]:
        """Give every application by its id."""
        return {
            application_id: table.to_domain(application_id, defaults=self)
            for application_id, table in self.applications.items()
        }

    def operator_key_digests(self) -> tuple[bytes, ...]:
        """Give the SHA-256, 32 bytes, of each operator's key."""
        return tuple(map(bytes.fromhex, self.operator_keys_sha256))

    def callers(self) -> dict[bytes, Caller]:
        """Give who calls, by the SHA-256, 32 bytes, of each API key."""
        by_id = self.domain_applications()
        return {
            bytes.fromhex(key.sha256): key.to_caller(by_id[application_id])
            for application_id, table in self.applications.items()
            for key in table.every_key
        }

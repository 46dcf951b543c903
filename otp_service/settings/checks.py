"""Rules between settings, each judged only where the settings it reads are right themselves."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from otp_service.domain.api_key import hash_key
from otp_service.domain.sms_text import languages_without_room
from otp_service.settings.addresses import check_store_url, is_loopback, store_is_loopback
from otp_service.settings.applications import DEMO_API_KEY, Rules
from otp_service.settings.model import Settings, variable
from otp_service.settings.policy import merged, shipped_budgets, table_problems
from otp_service.settings.problems import Problem
from otp_service.settings.profile import budgets_break_profile, codes_break_profile
from otp_service.settings.test_number_checks import (
    each_ends_in_time,
    each_has_its_seal,
    each_is_told_apart,
    live_applications_have_none,
)

_SAFE_PIN_DIGITS = 6
_SAFE_LIFE_SECONDS = 600

_REQUIRED_SECRETS = (
    "redis_url",
    "secret_keys",
    "number_key",
    "nxcloud_access_key",
    "nxcloud_access_secret",
    "nxcloud_appkey",
)


def broken_rules(settings: Settings, *, faulty: Collection[str]) -> Iterator[Problem]:
    """Name every rule that does not hold.

    Args:
        faulty: names that have a problem of their own; their values here are mere defaults, so
            no rule is judged by them and none of them is named twice.
    """
    for rule, reads in _RULES.items():
        if reads.isdisjoint(faulty):
            yield from (problem for problem in rule(settings) if problem.name not in faulty)
    yield from _missing_keys(settings, faulty)
    yield from live_applications_have_none(settings, faulty)
    yield from each_has_its_seal(settings, faulty)


def _required_outside_demo(settings: Settings) -> Iterator[Problem]:
    if settings.demo:
        return
    for field in _REQUIRED_SECRETS:
        if not any(_texts(getattr(settings, field))):
            yield Problem(variable(field), "is required outside demo mode")
    if not settings.applications:
        yield Problem("applications", "at least one [applications.<id>] table is required")


def _demo_serves_this_machine(settings: Settings) -> Iterator[Problem]:
    if settings.demo and not is_loopback(settings.host):
        yield Problem(variable("host"), "must be loopback in demo mode")


def _demo_calls_this_machine(settings: Settings) -> Iterator[Problem]:
    if settings.demo and not is_loopback(urlsplit(settings.nxcloud_base_url).hostname or ""):
        yield Problem(variable("nxcloud_base_url"), "must be loopback in demo mode")


def _demo_stores_on_this_machine(settings: Settings) -> Iterator[Problem]:
    url = settings.redis_url.get_secret_value()
    if settings.demo and not store_is_loopback(check_store_url(url)):
        yield Problem(variable("redis_url"), "must be memory:// or loopback in demo mode")


def _demo_workers_share_their_keys(settings: Settings) -> Iterator[Problem]:
    if settings.demo and settings.workers > 1:
        for field in ("secret_keys", "number_key"):
            if field not in settings.model_fields_set:
                detail = "is required for more than one worker: each would draw its own"
                yield Problem(variable(field), detail)


def _workers_share_their_store(settings: Settings) -> Iterator[Problem]:
    if settings.workers > 1 and settings.has_embedded_store:
        detail = "must be 1 with memory://, which no other process can see"
        yield Problem(variable("workers"), detail)


def _ca_file_has_its_use(settings: Settings) -> Iterator[Problem]:
    url = settings.redis_url.get_secret_value()
    if settings.redis_ca_file and not check_store_url(url).tls:
        detail = "does not go together with a store without TLS: it takes rediss://"
        yield Problem(variable("redis_ca_file"), detail)


def _replicas_can_be_waited_for(settings: Settings) -> Iterator[Problem]:
    if not settings.redis_wait_replicas:
        return
    if settings.has_embedded_store:
        yield Problem(variable("redis_wait_replicas"), "must be 0 with memory://: it has none")
    if settings.redis_wait_timeout_ms >= settings.redis_read_timeout_seconds * 1_000:
        detail = "must be under OTP_REDIS_READ_TIMEOUT_SECONDS, or no answer would come in time"
        yield Problem(variable("redis_wait_timeout_ms"), detail)


def _threads_have_connections(settings: Settings) -> Iterator[Problem]:
    if settings.redis_max_connections < settings.threads:
        detail = "must be at least OTP_THREADS, for each of them may need one"
        yield Problem(variable("redis_max_connections"), detail)


def _codes_are_strong(settings: Settings) -> Iterator[Problem]:
    if settings.unsafe_allow_weak_codes:
        return
    yield from _weak_rules(settings, name_of=variable)
    for application_id, table in settings.applications.items():
        yield from _weak_rules(table, name_of=f"applications.{application_id}.{{}}".format)


def _weak_rules(rules: Rules, *, name_of: Callable[[str], str]) -> Iterator[Problem]:
    switch = f"only with {variable('unsafe_allow_weak_codes')}"
    if rules.pin_digits < _SAFE_PIN_DIGITS:
        yield Problem(name_of("pin_digits"), f"under {_SAFE_PIN_DIGITS} {switch}")
    if rules.life_seconds > _SAFE_LIFE_SECONDS:
        yield Problem(name_of("life_seconds"), f"over {_SAFE_LIFE_SECONDS} {switch}")


def _secrets_have_one_use(settings: Settings) -> Iterator[Problem]:
    keys = set(_texts(settings.secret_keys))
    number_key = set(_texts(settings.number_key))
    if number_key & keys:
        detail = "must not be one of OTP_SECRET_KEYS: it is not rotated with them"
        yield Problem(variable("number_key"), detail)
    if set(_texts(settings.nxcloud_callback_secrets)) & (keys | number_key):
        detail = "must be values of their own: they travel in URLs"
        yield Problem(variable("nxcloud_callback_secrets"), detail)


def _missing_keys(settings: Settings, faulty: Collection[str]) -> Iterator[Problem]:
    """Name every application without a key, unless one that is wrong itself may be all it has."""
    for application_id, table in settings.applications.items():
        name = f"applications.{application_id}."
        lists = {f"{name}api_keys_sha256", f"{name}api_keys"}
        if not table.every_key and lists.isdisjoint(faulty):
            yield Problem(f"{name}api_keys_sha256", "at least one is required, here or in api_keys")


def _keys_open_one_application(settings: Settings) -> Iterator[Problem]:
    uses = Counter(key_hash for _, hashes in _key_lists(settings) for key_hash in hashes)
    for name, hashes in _key_lists(settings):
        if any(uses[key_hash] > 1 for key_hash in hashes):
            yield Problem(name, "holds a key that is listed twice; every key opens one application")


def _keys_have_their_own_names(settings: Settings) -> Iterator[Problem]:
    for application_id, table in settings.applications.items():
        uses = Counter(key.id for key in table.every_key)
        if any(uses[key.id] > 1 for key in table.api_keys):
            name = f"applications.{application_id}.api_keys"
            detail = (
                "holds an id that names two keys; one of api_keys_sha256 has its first 8 digits"
            )
            yield Problem(name, detail)


def _demo_key_is_for_demo(settings: Settings) -> Iterator[Problem]:
    if settings.demo:
        return
    for name, hashes in _key_lists(settings):
        if hash_key(DEMO_API_KEY) in hashes:
            yield Problem(name, "holds the key of demo mode, which everybody knows")


def _operator_keys_are_their_own(settings: Settings) -> Iterator[Problem]:
    name = variable("operator_keys_sha256")
    uses = Counter(settings.operator_keys_sha256)
    if any(count > 1 for count in uses.values()):
        yield Problem(name, "holds a key that is listed twice")
    if any(not uses.keys().isdisjoint(hashes) for _, hashes in _key_lists(settings)):
        yield Problem(name, "holds a key of an application; an operator's key is good for no call")
    if hash_key(DEMO_API_KEY) in uses:
        yield Problem(name, "holds the key of demo mode, which everybody knows")


def _key_lists(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the hashes in each of the two lists that an application has, by the list's name."""
    for application_id, table in settings.applications.items():
        yield f"applications.{application_id}.api_keys_sha256", table.api_keys_sha256
        yield f"applications.{application_id}.api_keys", tuple(k.sha256 for k in table.api_keys)


def _sms_have_room(settings: Settings) -> Iterator[Problem]:
    for application_id, table in settings.applications.items():
        digits = table.to_domain(application_id, defaults=settings).rules.pin_digits
        if crowded := languages_without_room(table.autofill, pin_digits=digits):
            # The hash alone always leaves room.
            name = f"applications.{application_id}.web_otp_origin"
            detail = (
                f"leaves no room for a PIN of {digits} digits in an SMS in {', '.join(crowded)}"
            )
            yield Problem(name, detail)


def _budgets_hold_together(settings: Settings) -> Iterator[Problem]:
    service = merged(shipped_budgets(), settings.budgets)
    problems = table_problems(settings.budgets, service, of_application=False)
    yield from (Problem("budgets", detail) for detail in problems)


def _application_budgets_hold_together(settings: Settings) -> Iterator[Problem]:
    for application_id, table in settings.applications.items():
        if not table.budgets:
            # What is wrong with those above is named once.
            continue
        rows = table.budgets_over(settings.budgets)
        for detail in table_problems(table.budgets, rows, of_application=True):
            yield Problem(f"applications.{application_id}.budgets", detail)


def _proxies_are_told_one_way(settings: Settings) -> Iterator[Problem]:
    if settings.trusted_proxy_hops and settings.trusted_proxies:
        for field, other in (
            ("trusted_proxy_hops", "trusted_proxies"),
            ("trusted_proxies", "trusted_proxy_hops"),
        ):
            detail = f"does not go together with {variable(other)}: they may name two addresses"
            yield Problem(variable(field), detail)


def _texts(value: SecretStr | tuple[SecretStr, ...]) -> tuple[str, ...]:
    secrets = (value,) if isinstance(value, SecretStr) else value
    return tuple(secret.get_secret_value() for secret in secrets)


def _reading(*fields: str) -> frozenset[str]:
    return frozenset(map(variable, fields))


# What a rule names is what it reads too, unless it can do without.
_RULES: dict[Callable[[Settings], Iterator[Problem]], frozenset[str]] = {
    # With the file unread, nobody knows what is given.
    _required_outside_demo: _reading("demo", "config"),
    _demo_serves_this_machine: _reading("demo", "host"),
    _demo_calls_this_machine: _reading("demo", "nxcloud_base_url"),
    _demo_stores_on_this_machine: _reading("demo", "redis_url"),
    _demo_workers_share_their_keys: _reading("demo", "workers"),
    _workers_share_their_store: _reading("workers", "redis_url"),
    _ca_file_has_its_use: _reading("redis_ca_file", "redis_url"),
    _replicas_can_be_waited_for: _reading(
        "redis_wait_replicas", "redis_wait_timeout_ms", "redis_read_timeout_seconds", "redis_url"
    ),
    _threads_have_connections: _reading("threads", "redis_max_connections"),
    _codes_are_strong: _reading("unsafe_allow_weak_codes"),
    _secrets_have_one_use: _reading("secret_keys", "number_key", "nxcloud_callback_secrets"),
    _keys_open_one_application: frozenset(),
    _keys_have_their_own_names: frozenset(),
    _demo_key_is_for_demo: _reading("demo"),
    _operator_keys_are_their_own: _reading("operator_keys_sha256"),
    _sms_have_room: _reading("pin_digits"),
    _budgets_hold_together: frozenset({"budgets"}),
    _application_budgets_hold_together: frozenset({"budgets"}),
    codes_break_profile: _reading("profile"),
    budgets_break_profile: _reading(
        "profile", "attempts", "sends", "life_seconds", "resend_cooldown_seconds"
    )
    | {"budgets"},
    _proxies_are_told_one_way: _reading("trusted_proxy_hops", "trusted_proxies"),
    each_is_told_apart: frozenset(),
    each_ends_in_time: frozenset(),
}

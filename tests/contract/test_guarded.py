"""Guarded servers: passwords, an ACL user, TLS; the whole contract is held to them elsewhere."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.certificates import Authority, authority
from support.kinds import REAL, SENTINEL, SINGLE, Kinds, connected, need_tls
from support.redis_access import GUARDED, HOST, PASSWORD, Access
from support.redis_servers import RedisServer
from support.verifications import PIN, WRONG_PIN, Desk, SilentJournal

from otp_service.errors import StoreUnavailable
from otp_service.ports import Verdict
from otp_service.redis_store import RedisStore, read_address, store_problems


@pytest.fixture(scope="module")
def guarded() -> Iterator[Kinds]:
    with ExitStack() as stack:
        yield Kinds(stack, GUARDED)


def desk_at(url: str, settings: dict[str, str]) -> Desk:
    return Desk(RedisStore(connected(url, settings), SilentJournal()))


@pytest.mark.parametrize("name", REAL)
def test_guarded_store_judges_codes(guarded: Kinds, name: str) -> None:
    kind = guarded[name]
    kind.view.flush()
    desk = desk_at(kind.url, kind.settings)

    started = desk.start()

    assert desk.verdict(started.id, WRONG_PIN) is Verdict.INCORRECT
    assert desk.verdict(started.id, PIN) is Verdict.APPROVED
    assert store_problems(kind.connection, read_address(kind.url)) == ()


@pytest.mark.parametrize("name", REAL)
def test_wrong_password_opens_nothing(guarded: Kinds, name: str) -> None:
    kind = guarded[name]
    url = kind.url.replace("own", "other", 1)
    assert url != kind.url

    with pytest.raises(StoreUnavailable):
        desk_at(url, kind.settings).try_start()


def test_sentinels_want_a_password_of_their_own(guarded: Kinds) -> None:
    kind = guarded[SENTINEL]

    with pytest.raises(StoreUnavailable):
        desk_at(kind.url, {**kind.settings, "OTP_REDIS_SENTINEL_PASSWORD": PASSWORD}).try_start()


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("trusted", ["the system's alone", "another authority"])
def test_server_of_an_unknown_authority_is_told_nothing(
    guarded: Kinds, name: str, trusted: str
) -> None:
    kind = guarded[name]
    settings = dict(kind.settings)
    if trusted == "another authority":
        settings["OTP_REDIS_CA_FILE"] = str(Authority().ca_file)
    else:
        del settings["OTP_REDIS_CA_FILE"]

    with pytest.raises(StoreUnavailable):
        desk_at(kind.url, settings).try_start()


def test_certificate_must_be_good_for_the_host_s_name() -> None:
    access = Access(tls=True, names=("redis.example",))
    need_tls(access)
    with RedisServer(access=access) as server:
        url = f"rediss://{HOST}:{server.port}"

        with pytest.raises(StoreUnavailable):
            desk_at(url, {"OTP_REDIS_CA_FILE": str(authority().ca_file)}).try_start()


def test_name_in_the_url_is_what_the_certificate_must_be_good_for() -> None:
    access = Access(tls=True, names=("localhost",))
    need_tls(access)
    with RedisServer(access=access) as server:
        url = f"rediss://localhost:{server.port}"

        assert desk_at(url, {"OTP_REDIS_CA_FILE": str(authority().ca_file)}).start()


def test_plain_line_to_a_server_with_tls_is_unavailable(guarded: Kinds) -> None:
    kind = guarded[SINGLE]

    with pytest.raises(StoreUnavailable):
        desk_at(kind.url.replace("rediss", "redis"), {}).try_start()

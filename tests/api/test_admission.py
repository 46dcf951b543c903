from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from otp_service.api import admission
from otp_service.api.admission import check_host, check_peer
from otp_service.errors import Forbidden, Unauthenticated

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@pytest.mark.parametrize(
    ("header", "application"),
    [
        pytest.param("Bearer key-of-shop", "shop", id="first key"),
        pytest.param("Bearer key-of-bank", "bank", id="last key"),
        pytest.param("bearer key-of-shop", "shop", id="scheme in small letters"),
        pytest.param("BEARER key-of-shop", "shop", id="scheme in capitals"),
    ],
)
def test_a_known_key_names_its_caller(service, header, application):
    caller = service.admission().admit(header)

    assert caller == service.keys[f"key-of-{application}"]
    assert caller.application.id == application


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="no header"),
        pytest.param("", id="empty header"),
        pytest.param("Bearer", id="no key"),
        pytest.param("Bearer ", id="empty key"),
        pytest.param("Bearer unknown", id="unknown key"),
        pytest.param("Bearer KEY-OF-SHOP", id="key in other case"),
        pytest.param("Bearer key-of-sho", id="key cut short"),
        pytest.param("Bearer key-of-shopp", id="key and more"),
        pytest.param("Basic key-of-shop", id="other scheme"),
        pytest.param("key-of-shop", id="no scheme"),
        pytest.param("Bearerkey-of-shop", id="no space"),
        pytest.param("Bearer  key-of-shop", id="two spaces"),
        pytest.param("Bearer\tkey-of-shop", id="tab"),
        pytest.param(" Bearer key-of-shop", id="space before"),
        pytest.param("Bearer key-of-shop ", id="space after"),
        pytest.param("Bearer key-of-shop\n", id="line break after"),
        pytest.param("Bearer key-of-shop,Bearer key-of-shop", id="two headers joined"),
        pytest.param("Bearer key-of-shop, Bearer key-of-bank", id="two keys"),
        pytest.param("Bearer ключ", id="not ASCII"),
        pytest.param("Bearer \xa0", id="no-break space"),
    ],
)
def test_anything_else_is_unauthenticated_and_no_use(service, header):
    with pytest.raises(Unauthenticated):
        service.admission().admit(header)

    assert service.used == []


def test_a_key_whose_time_is_over_is_unknown(service):
    caller = service.keys["key-of-shop"]
    service.keys["key-of-shop"] = replace(caller, expires_at=service.now + timedelta(seconds=1))
    admission = service.admission()
    admission.admit("Bearer key-of-shop")

    service.now += timedelta(seconds=1)

    with pytest.raises(Unauthenticated):
        admission.admit("Bearer key-of-shop")
    assert service.used == [caller.fingerprint]


def test_each_of_an_application_s_keys_is_known_by_its_own_name(service, make_caller):
    service.keys["new-key"] = make_caller("shop", key_id="web-2")
    admission = service.admission()

    callers = [admission.admit(f"Bearer {key}") for key in ("key-of-shop", "new-key")]

    assert [(each.application.id, each.key_id) for each in callers] == [
        ("shop", "web"),
        ("shop", "web-2"),
    ]
    assert service.used == [each.fingerprint for each in callers]


def test_no_representation_shows_a_hash(service):
    admission = service.admission()

    assert [digest for digest in admission.keys if repr(digest) in repr(admission)] == []


@pytest.mark.parametrize("key", ["key-of-shop", "key-of-bank", "expired", "unknown"])
def test_every_known_key_is_compared_in_constant_time_whichever_is_right(
    service, make_caller, monkeypatch, key
):
    service.keys["expired"] = make_caller("shop", key_id="old", expires_at=service.now)
    door = service.admission()
    compared = []
    compare = admission.hmac.compare_digest
    monkeypatch.setattr(
        admission.hmac, "compare_digest", lambda a, b: compared.append(a) or compare(a, b)
    )

    with suppress(Unauthenticated):
        door.admit(f"Bearer {key}")

    assert compared == list(door.keys)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8000",
        "localhost:1",
        "LocalHost",
        "[::1]",
        "[::1]:8000",
        "localhost:",
    ],
)
def test_an_allowed_host_passes_on_any_port(host):
    check_host(host, LOOPBACK)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "example.com",
        "localhost.example.com:8000",
        "127.0.0.1.nip.io",
        "::1",
        "[::1",
        "[::2]",
        "localhost:80:80",
        "localhost:port",
        "localhost, example.com",
        "127.0.0.1\n",
    ],
)
def test_another_host_is_forbidden(host):
    with pytest.raises(Forbidden):
        check_host(host, LOOPBACK)


@pytest.mark.parametrize("host", [None, "example.com"])
def test_without_a_list_any_host_passes(host):
    check_host(host, None)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", None])
def test_this_machine_is_let_in_where_only_its_names_are(address):
    check_peer(address, LOOPBACK)


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.7"])
def test_another_machine_is_kept_out_whatever_host_it_names(address):
    with pytest.raises(Forbidden):
        check_peer(address, LOOPBACK)


def test_any_machine_is_let_in_where_any_host_is():
    check_peer("192.0.2.7", None)

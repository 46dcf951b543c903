from ipaddress import ip_network

import pytest

from otp_service.settings import load_settings
from otp_service.settings.proxies import read_network, read_origin

SHOP = f'[applications.shop]\napi_keys_sha256 = ["{"a" * 64}"]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.0.2.1", "192.0.2.1/32"),
        ("2001:db8:aa::/48", "2001:db8:aa::/48"),
        ("fc00::/7", "fc00::/7"),
    ],
)
def test_networks_are_read(text, expected):
    assert read_network(text) == ip_network(expected)


@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.1/8",
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0/7",
        "8000::/1",
        "10.0.0.0/33",
        "10.0.0",
        "proxy.example.com",
        "::ffff:10.0.0.0/104",
        "fe80::1%eth0",
        "",
        "*",
        10,
        True,
    ],
)
def test_what_is_no_network_or_holds_strangers_is_refused(value):
    with pytest.raises(ValueError, match="must be"):
        read_network(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://Shop.Example.com", "https://shop.example.com"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443"),
        ("https://xn--e1afmkfd.example", "https://xn--e1afmkfd.example"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost", "http://localhost"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://app.localhost:3000", "http://app.localhost:3000"),
        ("http://127.0.0.1:5173", "http://127.0.0.1:5173"),
        ("http://[::1]:5173", "http://[::1]:5173"),
    ],
)
def test_origins_are_read_as_browsers_send_them(text, expected):
    assert read_origin(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "",
        "shop.example.com",
        "https://*.example.com",
        "https://",
        "https://.",
        "https://.example.com",
        "https://shop..example.com",
        "https://shop.example.com/",
        "https://shop.example.com/path",
        "https://shop.example.com?x",
        "https://shop.example.com#x",
        "https://user@shop.example.com",
        "https://shop.example.com:443",
        "https://shop.example.com:0",
        "https://shop.example.com:65536",
        "https://shop.example.com:port",
        "https://shop.example.com:",
        "https://shop.example.com https://b.example",
        "https://shop.example.com,https://b.example",
        "https://крамниця.example",
        "http://shop.example.com",
        "http://localhost:80",
        "http://localhost.example.com",
        "http://192.0.2.7",
        "ftp://shop.example.com",
        "capacitor://localhost",
        "https://shop.example.com\n",
    ],
)
def test_what_no_browser_sends_is_refused(text):
    with pytest.raises(ValueError, match="must"):
        read_origin(text)


def test_proxies_come_from_the_environment(complete):
    by_networks = load_settings(complete | {"OTP_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8:aa::/48"})
    by_hops = load_settings(complete | {"OTP_TRUSTED_PROXY_HOPS": "2"})

    assert [str(each) for each in by_networks.trusted_proxies] == ["10.0.0.0/8", "2001:db8:aa::/48"]
    assert (by_networks.trusted_proxy_hops, by_hops.trusted_proxy_hops) == (0, 2)


def test_both_ways_at_once_are_refused_by_both_names(complete, problems):
    found = problems(
        complete | {"OTP_TRUSTED_PROXY_HOPS": "1", "OTP_TRUSTED_PROXIES": "10.0.0.0/8"}
    )

    assert found.keys() == {"OTP_TRUSTED_PROXY_HOPS", "OTP_TRUSTED_PROXIES"}
    assert "OTP_TRUSTED_PROXIES" in found["OTP_TRUSTED_PROXY_HOPS"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTP_TRUSTED_PROXY_HOPS", "-1"),
        ("OTP_TRUSTED_PROXY_HOPS", "11"),
        ("OTP_TRUSTED_PROXY_HOPS", "10.0.0.0/8"),
        ("OTP_TRUSTED_PROXIES", "1"),
        ("OTP_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("OTP_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example.com"),
        ("OTP_TRUSTED_PROXY_HEADER", "Forwarded"),
        ("OTP_FORWARDED_ALLOW_IPS", "*"),
        ("OTP_CLIENT_TOKEN_LIFE_SECONDS", "29"),
        ("OTP_CLIENT_TOKEN_LIFE_SECONDS", "3601"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(complete, problems, name, value):
    assert problems(complete | {name: value}).keys() == {name}


def test_faulty_networks_are_named_once_beside_hops(complete, problems):
    found = problems(complete | {"OTP_TRUSTED_PROXY_HOPS": "1", "OTP_TRUSTED_PROXIES": "0.0.0.0/0"})

    assert found.keys() == {"OTP_TRUSTED_PROXIES"}


def test_applications_have_their_own_origins_and_lives(complete, toml):
    own = SHOP + 'cors_origins = ["https://Shop.example"]\nclient_token_life_seconds = 60\n'
    complete["OTP_CONFIG"] = toml(own)

    shop = load_settings(complete).domain_applications()["shop"]

    assert shop.cors_origins == {"https://shop.example"}
    assert shop.token_life.total_seconds() == 60


def test_origin_that_cannot_be_is_named_and_not_shown(complete, toml, problems):
    complete["OTP_CONFIG"] = toml(
        SHOP + 'cors_origins = ["https://a.example", "https://b.example/"]'
    )

    found = problems(complete)

    assert found.keys() == {"applications.shop.cors_origins"}
    assert "entry 2" in found["applications.shop.cors_origins"]
    assert "b.example" not in found["applications.shop.cors_origins"]

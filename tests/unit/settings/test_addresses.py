import pytest

from otp_service.settings.addresses import (
    check_provider_url,
    check_store_url,
    is_loopback,
    store_is_loopback,
)


@pytest.mark.parametrize(
    "url",
    [
        "memory://",
        "redis://localhost",
        "rediss://user:p%40ss@redis.example:6380/2",
        "redis://:a?b#c@redis.example",
        "redis://[::1]:6379/0",
        "redis+sentinel://u:p@s1:26379,s2:26379/main/1",
        "rediss+sentinel://s1/main",
        "redis+cluster://n1:7000,n2:7001,[::1]:7002",
        "rediss+cluster://u:p@n1",
    ],
)
def test_store_url_of_every_form_is_accepted(url):
    assert check_store_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory:",
        "memory://x",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis://:6379",
        "redis://a,b",
        "redis://h:port",
        "redis://h:65536",
        "redis://h/x",
        "redis://h?db=1",
        "redis://h/0?ssl_cert_reqs=none",
        "redis://h#x",
        "redis://h h",
        "redis://h\n",
        "redis+sentinel://s1:26379",
        "redis+cluster://n1:7000/0",
    ],
)
def test_store_url_of_no_form_is_refused(url):
    with pytest.raises(ValueError):  # noqa: PT011 - the texts are the reader's
        check_store_url(url)


def test_store_is_loopback_only_if_every_host_is():
    assert store_is_loopback(check_store_url("memory://"))
    assert store_is_loopback(check_store_url("redis://[::1]:6379"))
    assert store_is_loopback(check_store_url("redis+cluster://127.0.0.1:1,localhost:2"))
    assert not store_is_loopback(check_store_url("redis+cluster://127.0.0.1:1,redis.example:2"))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_host_of_this_machine_is_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "::", "0.0.0.1", "10.0.0.1", "127.1", "localhost.example.com", "127.0.0.1.nip.io"],
)
def test_any_other_host_is_not(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api2.nxcloud.com", "https://api2.nxcloud.com"),
        ("https://api2.nxcloud.com/", "https://api2.nxcloud.com"),
        ("https://api.example:8443", "https://api.example:8443"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_provider_url_is_kept_without_its_last_slash(url, kept):
    assert check_provider_url(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api2.nxcloud.com",
        "ftp://api2.nxcloud.com",
        "https://",
        "https://[::1",
        "https://h:port",
        "https://h:99999",
        "https://h\n",
        "http://api2.nxcloud.com",
        "http://localhost.example.com",
        "https://user:password@h",
        "https://@h",
        "https://h/path",
        "https://h?",
        "https://h#",
        "https://h h",
    ],
)
def test_provider_url_that_is_more_or_less_than_an_address_is_refused(url):
    with pytest.raises(ValueError, match="must"):
        check_provider_url(url)

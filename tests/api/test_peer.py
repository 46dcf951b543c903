"""Where a request comes from, however its sender lies about it."""

from ipaddress import ip_network

import pytest

from otp_service.api.peer import TrustedProxies

PEER = "192.0.2.1"
CLIENT = "203.0.113.7"
LIE = "198.51.100.66"
NEAR, FAR = "10.0.0.1", "10.0.0.2"
NONE = TrustedProxies()
ONE, TWO = TrustedProxies(hops=1), TrustedProxies(hops=2)
NETWORKS = TrustedProxies(networks=(ip_network("10.0.0.0/8"), ip_network("2001:db8:aa::/48")))


@pytest.mark.parametrize(
    "lines", [[], [CLIENT], [f"{LIE}, {CLIENT}"], [LIE, CLIENT], ["127.0.0.1"], [""]]
)
def test_without_proxies_it_is_the_connection_whatever_the_header_says(lines):
    assert NONE.client_of(PEER, lines) == PEER


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([CLIENT], id="alone"),
        pytest.param([f"{LIE}, {CLIENT}"], id="a lie before it"),
        pytest.param([f"{LIE},{CLIENT}"], id="no space"),
        pytest.param([f"{LIE}\t,\t{CLIENT} "], id="tabs and blanks"),
        pytest.param([LIE, CLIENT], id="a lie in a line before"),
        pytest.param([f"{LIE}, 127.0.0.1", f"unknown, {CLIENT}"], id="many lies in many lines"),
        pytest.param([LIE] * 500 + [CLIENT], id="five hundred lines"),
        pytest.param([", ".join([LIE] * 500 + [CLIENT])], id="five hundred entries"),
        pytest.param([f"{CLIENT}, ", ""], id="empty elements after it"),
        pytest.param([f"{LIE},,, {CLIENT}"], id="empty elements before it"),
    ],
)
def test_behind_one_proxy_it_is_the_last_entry(lines):
    assert ONE.client_of(PEER, lines) == CLIENT


@pytest.mark.parametrize(
    "lines",
    [[f"{CLIENT}, {NEAR}"], [CLIENT, NEAR], [f"{LIE}, {CLIENT}", NEAR], [LIE, f"{CLIENT},{NEAR}"]],
)
def test_behind_two_proxies_it_is_the_last_but_one(lines):
    assert TWO.client_of(PEER, lines) == CLIENT


@pytest.mark.parametrize(
    ("proxies", "lines"),
    [
        pytest.param(ONE, [], id="one, no header"),
        pytest.param(ONE, [""], id="one, empty header"),
        pytest.param(ONE, [", ,"], id="one, only commas"),
        pytest.param(TWO, [], id="two, no header"),
        pytest.param(TWO, [LIE], id="two, one entry"),
        pytest.param(TWO, ["", LIE], id="two, an empty line and one entry"),
        pytest.param(TWO, [f", {LIE}"], id="two, an empty element and one entry"),
    ],
)
def test_with_fewer_entries_than_proxies_it_is_the_connection(proxies, lines):
    assert proxies.client_of(PEER, lines) == PEER


NO_ADDRESSES = [
    "unknown",
    "_hidden",
    "for=203.0.113.7",
    'for="[2001:db8::1]:4711"',
    '"203.0.113.7"',
    "203.0.113",
    "203.0.113.256",
    "203.0.113.007",
    "0xcb.0.113.7",
    "3405803783",
    "203.0.113.7:port",
    "203.0.113.7:",
    "203.0.113.7:123456",
    "203.0.113.7/32",
    "[2001:db8::1",
    "2001:db8::1]:80",
    "[2001:db8::1]80",
    "2001:db8::g",
    "fe80::1%eth0",
    "localhost",
    "\uff12\uff10\uff13.0.113.7",
    "203.0.113.7\x00",
    "203.0.113.7\n",
    "203.0.113.7 198.51.100.66",
    "203.0.113.7;198.51.100.66",
]


@pytest.mark.parametrize("entry", NO_ADDRESSES, ids=ascii)
def test_what_is_no_address_leaves_the_connection(entry):
    assert ONE.client_of(PEER, [f"{LIE}, {entry}"]) == PEER
    assert TWO.client_of(PEER, [f"{LIE}, {entry}, {NEAR}"]) == PEER
    assert NETWORKS.client_of(NEAR, [f"{LIE}, {entry}"]) == NEAR


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:4711", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
    ],
)
def test_addresses_are_read_with_ports_and_brackets(entry, expected):
    assert ONE.client_of(PEER, [f"{LIE}, {entry}"]) == expected
    assert NETWORKS.client_of(NEAR, [f"{LIE}, {entry}"]) == expected


@pytest.mark.parametrize(
    ("peer", "lines", "expected"),
    [
        pytest.param(PEER, [LIE], PEER, id="a stranger connects"),
        pytest.param(PEER, [f"{LIE}, {NEAR}"], PEER, id="a stranger names a proxy"),
        pytest.param(NEAR, [CLIENT], CLIENT, id="one proxy"),
        pytest.param(NEAR, [f"{LIE}, {CLIENT}"], CLIENT, id="a lie before"),
        pytest.param(NEAR, [LIE, f"{CLIENT}, {FAR}"], CLIENT, id="two proxies"),
        pytest.param(NEAR, [f"{NEAR}, {LIE}, {CLIENT}, {FAR}"], CLIENT, id="a proxy's name as lie"),
        pytest.param(NEAR, [], NEAR, id="no header"),
        pytest.param(NEAR, [FAR], FAR, id="from within the network"),
        pytest.param(NEAR, [f"{LIE}, unknown, {FAR}"], FAR, id="nonsense behind the far proxy"),
        pytest.param(f"::ffff:{NEAR}", [CLIENT], CLIENT, id="the proxy over IPv6"),
        pytest.param("2001:db8:aa::1", [f"{CLIENT}, ::ffff:{FAR}"], CLIENT, id="IPv6 proxies"),
        pytest.param("2001:db8:ab::1", [CLIENT], "2001:db8:ab::1", id="IPv6 stranger"),
        pytest.param(None, [CLIENT], None, id="a socket without addresses"),
    ],
)
def test_by_networks_it_is_the_first_stranger_from_the_right(peer, lines, expected):
    assert NETWORKS.client_of(peer, lines) == expected


def test_on_a_socket_without_addresses_hops_still_count():
    assert ONE.client_of(None, [f"{LIE}, {CLIENT}"]) == CLIENT
    assert ONE.client_of(None, []) is None


def test_a_long_header_takes_no_long_time():
    assert NETWORKS.client_of(NEAR, [", ".join([FAR] * 50_000)]) == FAR


@pytest.mark.parametrize(("hops", "networks"), [(1, (ip_network("10.0.0.0/8"),)), (-1, ())])
def test_proxies_are_told_one_way(hops, networks):
    with pytest.raises(ValueError, match="by their number or by their networks"):
        TrustedProxies(hops, networks)

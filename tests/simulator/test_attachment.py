import pytest

from otp_service.simulator import attachment


@pytest.mark.parametrize(
    ("address", "place", "host", "file"),
    [
        ("https://example.org/a/b.jpeg?x=1", "example.org/a/b.jpeg?x=1", "example.org", "b.jpeg"),
        ("http://www.viber.com", "www.viber.com", "www.viber.com", ""),
        ("HTTPS://user:word@example.org:8443/", "user:word@example.org:8443", "example.org", ""),
        ("https://example.org/a%20b.pdf", "example.org/a%20b.pdf", "example.org", "a b.pdf"),
        ("https://***.jpeg", "***.jpeg", "***.jpeg", ""),
        ("http://[broken/x.png", "[broken/x.png", "", ""),
        ("x", "x", "x", ""),
    ],
    ids=["file", "host", "all", "escaped", "page-example", "broken", "no-scheme"],
)
def test_link_is_taken_apart_without_its_scheme(address, place, host, file):
    taken = attachment.link(address)

    assert (taken.place, taken.host, taken.file) == (place, host, file)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(1, "0:01"), (15, "0:15"), (75.9, "1:15"), (600, "10:00")]
)
def test_duration_reads_as_on_a_player(seconds, shown):
    assert attachment.duration(seconds) == shown


@pytest.mark.parametrize(
    ("in_bytes", "shown"),
    [
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (882_472, "882.5 kB"),
        (200_000_000, "200 MB"),
        (5_000_000_000, "5000 MB"),
    ],
)
def test_size_has_the_unit_that_fits(in_bytes, shown):
    assert attachment.size(in_bytes) == shown

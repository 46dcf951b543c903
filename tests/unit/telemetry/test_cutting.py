import pytest

from otp_service.telemetry.cutting import Net


@pytest.mark.parametrize(
    "text",
    [
        "to +380671234567.",
        "+12025550123",
        "+380 67 123-45-67",
        "+380 (67) 123.45.67",
        "+٣٨٠٦٧١٢٣٤٥٦٧",
        "GET /simulator/messages?phone=%2B380671234567 HTTP/1.1",
        "GET /simulator/messages?phone=%2b380671234567 HTTP/1.1",
        "GET /simulator/messages?phone=+380671234567",
        "GET /simulator/messages?phone=%20380671234567",
        "GET /simulator/messages?phone=380671234567",
    ],
)
def test_full_phone_number_is_cut(text):
    shown = Net().cut(text)

    assert "[cut]" in shown
    assert "1234567" not in shown
    assert "4567" not in shown
    assert "٤٥٦٧" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "+380*******67",
        "+1*********23",
        "2026-11-23T08:00:00+00:00",
        "0123456789abcdef0123456789012345",
        "/otp/start",
        "1 + 1 = 2",
        "took 100% of 12345678 ms",
    ],
)
def test_what_is_no_full_number_stays(text):
    assert Net().cut(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer otp_dGVzdA==",
        "authorization: bearer otp_dGVzdA",
        "AUTHORIZATION: BEARER otp_dGVzdA",
    ],
)
def test_bearer_token_is_cut(text):
    shown = Net().cut(text)

    assert "otp_dGVzdA" not in shown
    assert shown.endswith("[cut]")


def test_known_secret_is_cut_wherever_it_stands():
    net = Net(["callback-secret-2", "callback-secret", ""])

    shown = net.cut("/callbacks/nxcloud/callback-secret-2/receipt callback-secret")

    assert shown == "/callbacks/nxcloud/[cut]/receipt [cut]"


def test_values_are_cut_at_any_depth():
    class Odd:
        def __repr__(self):
            return "Odd(+380671234567)"

    value = {"+380671234567": [("+380671234567",), {"+380671234567"}], "b": Odd(), "c": (1, None)}

    shown = Net().cut(value)

    assert shown == {"[cut]": [["[cut]"], ["[cut]"]], "b": "Odd([cut])", "c": [1, None]}


@pytest.mark.parametrize("value", [None, True, 7, 1.5])
def test_plain_values_stay_as_they_are(value):
    assert Net().cut(value) is value

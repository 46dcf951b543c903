import pytest

from otp_service.domain.sms_alphabet import SmsEncoding, SmsSize, measure

GSM7, UCS2 = SmsEncoding.GSM7, SmsEncoding.UCS2


@pytest.mark.parametrize(
    ("text", "encoding", "length"),
    [
        pytest.param("", GSM7, 0, id="nothing"),
        pytest.param("123456 is your code.", GSM7, 20, id="ascii"),
        pytest.param("@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉÄÖÑÜ§¿äöñüà¡¤", GSM7, 43, id="beyond ascii"),
        pytest.param("^{}\\[~]|€\f", GSM7, 20, id="each after an escape"),
        pytest.param("a€b", GSM7, 4, id="one after an escape"),
        pytest.param("код", UCS2, 3, id="cyrillic"),
        pytest.param("código", UCS2, 6, id="one letter is enough"),
        pytest.param("ç", UCS2, 1, id="capital alone is in the alphabet"),
        pytest.param("`", UCS2, 1, id="ascii that is not in the alphabet"),
        pytest.param("\x1b", UCS2, 1, id="escape by itself"),
        pytest.param("🙂", UCS2, 2, id="surrogate pair"),
        pytest.param("{🙂", UCS2, 3, id="no escapes in ucs2"),
    ],
)
def test_text_is_measured_as_the_network_sends_it(
    text: str, encoding: SmsEncoding, length: int
) -> None:
    assert measure(text) == SmsSize(encoding, length)


def test_default_alphabet_has_its_128_places_without_the_escape() -> None:
    single = [
        character for character in map(chr, range(0x3000)) if measure(character) == SmsSize(GSM7, 1)
    ]

    assert len(single) == 127


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("a" * 160, True),
        ("a" * 161, False),
        ("a" * 158 + "€", True),
        ("a" * 159 + "€", False),
        ("я" * 70, True),
        ("я" * 71, False),
        ("я" * 68 + "🙂", True),
        ("я" * 69 + "🙂", False),
    ],
    ids=lambda value: f"{len(value)} of {value[0]}…{value[-1]}" if isinstance(value, str) else None,
)
def test_one_message_has_140_octets(text: str, *, fits: bool) -> None:
    assert measure(text).fits is fits

import pytest

from otp_service.simulator import wording
from otp_service.simulator.wording import Piece


def parts(text, **options):
    return [(piece.kind, piece.text) for piece in wording.read(text, **options).pieces]


def test_code_stands_out_where_it_first_occurs():
    assert parts("Your code is 989724.") == [
        ("words", "Your code is "),
        ("code", "989724"),
        ("words", "."),
    ]


def test_pin_the_sender_named_is_the_code_among_other_figures():
    read = wording.read("Call 12345 or enter 4217", pin="4217")

    assert read.code == "4217"
    assert Piece("code", "4217") in read.pieces


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code is 989724.", "989724"),
        ("989724 is your code. Enter 989724.", "989724"),
        ("Call 12345 or 67890", None),
        ("No digits", None),
        ("Only 123", None),
        ("12345678901 is too long", None),
        ("", None),
    ],
    ids=["one", "twice", "two", "none", "short", "long", "empty"],
)
def test_plain_text_has_a_code_when_only_one_can_be_meant(text, code):
    assert wording.read(text).code == code


@pytest.mark.parametrize(
    ("machine", "lines"),
    [
        ("@example.com #989724", ["@example.com #989724"]),
        ("@example.com #989724 @shop.example", ["@example.com #989724 @shop.example"]),
        ("FA+9qCX9VSu", ["FA+9qCX9VSu"]),
        ("FA+9qCX9VSu\n@example.com #989724", ["FA+9qCX9VSu\n", "@example.com #989724"]),
    ],
    ids=["origin", "embedded", "hash", "both"],
)
def test_last_lines_of_an_sms_can_be_for_machines(machine, lines):
    read = parts(f"Your code is 989724\n{machine}", is_sms=True)

    assert read[:3] == [("words", "Your code is "), ("code", "989724"), ("words", "\n")]
    assert read[3:] == [("machine", line) for line in lines]


def test_line_for_the_browser_says_which_figure_is_the_code():
    read = wording.read("Order 55512: use 989724\n@example.com #989724", is_sms=True)

    assert read.code == "989724"


def test_figures_of_an_application_hash_are_no_code():
    assert wording.read("Use 989724\nA1234567890", is_sms=True).code == "989724"


def test_line_for_the_browser_alone_still_gives_the_code():
    read = wording.read("@example.com #989724", is_sms=True)

    assert read.code == "989724"
    assert read.pieces == (Piece("machine", "@example.com #989724"),)


def test_other_last_lines_and_viber_messages_are_words():
    text = "Your code is 989724\nFA+9qCX9VSu"

    assert "machine" not in [kind for kind, _ in parts(text)]
    assert "machine" not in [kind for kind, _ in parts("Use 989724\nthank you", is_sms=True)]


@pytest.mark.parametrize("is_sms", [True, False])
def test_parts_together_are_the_text(is_sms):
    text = "\n Use 989724 \r\nFA+9qCX9VSu\n@example.com #989724\n"

    read = parts(text, is_sms=is_sms)

    assert "".join(part for _, part in read) == text


def test_repr_shows_neither_text_nor_code():
    assert "4217" not in repr(wording.read("Use 4217"))


@pytest.mark.parametrize(
    ("text", "is_sms", "code"),
    [
        ("211581 is your code for Club 2024.", True, "211581"),
        ("211581 is your code for Club 2024.", False, None),
        ("Club 2024: 211581", True, None),
    ],
    ids=["sms", "viber", "not first"],
)
def test_sms_begins_with_its_code_whatever_a_brand_holds(text, is_sms, code):
    assert wording.read(text, is_sms=is_sms).code == code

from datetime import timedelta

import pytest

from otp_service.domain.message_text import MessageRequest
from otp_service.domain.templates import (
    PREFERENCE,
    TEMPLATES,
    plan_template,
    render_english,
    validity_value,
)
from otp_service.errors import InvalidRequest

BRAND = "Brand"
GIVEN = {
    "B": ("business_name", "Acme"),
    "A": ("action", "your order"),
    "R": ("reason", "you signed in"),
    "P": ("pin_type", "login"),
}
LIVES = (30, 300, 301, 600, 3600)
# Which of the texts each template holds, read off the provider's table.
HELD = {1: "", 2: "", 3: "B", 4: "", 5: "P", 6: "B", 7: "P", 8: "A", 9: "BR"}

# By what is given: the template for each of LIVES, worked out by hand.
WITHOUT_BRAND = {
    "": (1, 2, 1, 4, 4),
    "B": (3, 3, 3, 3, 6),
    "A": (8, 8, 8, 8, 8),
    "R": (1, 2, 1, 4, 4),
    "P": (7, 5, 7, 5, 5),
    "BA": (3, 3, 3, 3, 6),
    "BR": (9, 9, 9, 9, 9),
    "BP": (3, 5, 3, 5, 5),
    "AR": (8, 8, 8, 8, 8),
    "AP": (7, 5, 7, 5, 5),
    "RP": (7, 5, 7, 5, 5),
    "BAR": (9, 9, 9, 9, 9),
    "BAP": (3, 5, 3, 5, 5),
    "BRP": (9, 9, 9, 9, 9),
    "ARP": (7, 5, 7, 5, 5),
    "BARP": (9, 9, 9, 9, 9),
}
WITH_BRAND = {
    "": (3, 2, 3, 4, 6),
    "B": (3, 3, 3, 3, 6),
    "A": (8, 8, 8, 8, 8),
    "R": (9, 9, 9, 9, 9),
    "P": (7, 5, 7, 5, 5),
    "BA": (3, 3, 3, 3, 6),
    "BR": (9, 9, 9, 9, 9),
    "BP": (3, 5, 3, 5, 5),
    "AR": (9, 9, 9, 9, 9),
    "AP": (7, 5, 7, 5, 5),
    "RP": (9, 5, 9, 5, 5),
    "BAR": (9, 9, 9, 9, 9),
    "BAP": (3, 5, 3, 5, 5),
    "BRP": (9, 9, 9, 9, 9),
    "ARP": (9, 5, 9, 5, 5),
    "BARP": (9, 9, 9, 9, 9),
}
TABLE = [
    pytest.param(given, brand, life, template_id, id=f"{given or 'nothing'}-{brand}-{life}")
    for brand, rows in ((None, WITHOUT_BRAND), (BRAND, WITH_BRAND))
    for given, template_ids in rows.items()
    for life, template_id in zip(LIVES, template_ids, strict=True)
]
# For each template the lives of LIVES that it is true of.
TRUE_OF = {
    **dict.fromkeys((1, 3, 7, 8, 9), LIVES),
    2: (300,),
    4: (300, 600, 3600),
    5: (300, 600, 3600),
    6: (3600,),
}


def asked(given: str, *, template_id: int | None = None) -> MessageRequest:
    return MessageRequest(**dict(GIVEN[letter] for letter in given), template_id=template_id)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def refusal_of(request: MessageRequest, life: timedelta, brand: str | None = None) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        plan_template(request, life=life, brand=brand)
    (problem,) = refusal.value.problems
    assert problem.pointer == "/message/template_id"
    return problem.detail


def test_table_covers_every_combination() -> None:
    assert len(TABLE) == 16 * 2 * 5
    assert len({frozenset(given) for given in WITHOUT_BRAND}) == 16


@pytest.mark.parametrize(("given", "brand", "life", "template_id"), TABLE)
def test_most_specific_filled_and_true_template_is_chosen(
    given: str, brand: str | None, life: int, template_id: int
) -> None:
    choice = plan_template(asked(given), life=seconds(life), brand=brand)

    names = dict(GIVEN.values())
    held = dict(GIVEN[letter] for letter in HELD[template_id])
    if "B" not in given and "business_name" in held:
        held["business_name"] = BRAND
    unused = {GIVEN[letter][0] for letter in given if letter not in HELD[template_id]}
    assert choice.template_id == template_id
    assert choice.texts == held
    assert choice.unused == tuple(name for name in names if name in unused)
    assert choice.reasons


@pytest.mark.parametrize("template_id", TEMPLATES)
@pytest.mark.parametrize("life", LIVES)
def test_forced_template_is_honoured_only_if_true(template_id: int, life: int) -> None:
    request = asked("BARP", template_id=template_id)

    if life not in TRUE_OF[template_id]:
        assert f"this code lives {life} s" in refusal_of(request, seconds(life))
        return
    choice = plan_template(request, life=seconds(life), brand=BRAND)

    assert choice.template_id == template_id
    assert choice.texts == dict(GIVEN[letter] for letter in HELD[template_id])
    assert choice.reasons == ("The caller asked for it by its id.",)


@pytest.mark.parametrize(
    ("template_id", "given", "brand", "life", "detail"),
    [
        (3, "", None, 300, "template 3 needs business_name"),
        (5, "BAR", BRAND, 300, "template 5 needs pin_type"),
        (7, "BAR", BRAND, 300, "template 7 needs pin_type"),
        (8, "BRP", BRAND, 300, "template 8 needs action"),
        (9, "AP", None, 300, "template 9 needs business_name and reason"),
        (9, "BAP", None, 300, "template 9 needs reason"),
        (9, "AP", BRAND, 300, "template 9 needs reason"),
        (9, "RP", None, 300, "template 9 needs business_name"),
        (2, "", None, 301, "template 2 says 5 minutes, but this code lives 301 s"),
        (4, "", None, 30, "template 4 says whole minutes, but this code lives 30 s"),
        (4, "", None, 90.5, "template 4 says whole minutes, but this code lives 90.5 s"),
        (6, "", BRAND, 600, "template 6 says whole hours, but this code lives 600 s"),
        (
            *(6, "", None, 600),
            "template 6 needs business_name; it says whole hours, but this code lives 600 s",
        ),
    ],
)
def test_forced_template_that_cannot_be_sent_says_what_is_wrong(
    template_id: int, given: str, brand: str | None, life: float, detail: str
) -> None:
    request = asked(given, template_id=template_id)

    assert refusal_of(request, seconds(life), brand) == detail


@pytest.mark.parametrize(
    ("template_id", "given", "life", "texts", "unused"),
    [
        (3, "", 300, {"business_name": BRAND}, ()),
        (6, "A", 3600, {"business_name": BRAND}, ("action",)),
        (9, "R", 30, {"business_name": BRAND, "reason": "you signed in"}, ()),
        (1, "BARP", 300, {}, ("business_name", "action", "reason", "pin_type")),
    ],
)
def test_forced_template_takes_the_brand_and_names_what_it_does_not_hold(
    template_id: int, given: str, life: int, texts: dict[str, str], unused: tuple[str, ...]
) -> None:
    choice = plan_template(asked(given, template_id=template_id), life=seconds(life), brand=BRAND)

    assert (choice.texts, choice.unused) == (texts, unused)


@pytest.mark.parametrize("template_id", [-1, 0, 10])
def test_forced_template_that_does_not_exist_is_refused(template_id: int) -> None:
    assert refusal_of(asked("", template_id=template_id), seconds(300)) == "must be 1 to 9"


def test_preference_is_in_the_contracts_order() -> None:
    names = [criterion.name for criterion in PREFERENCE]

    assert names == ["fewest_unused", "states_validity", "uses_brand", "lower_id"]


@pytest.mark.parametrize(
    ("given", "brand", "life", "names"),
    [
        pytest.param("BR", None, 30, ["fewest_unused"], id="holds_most"),
        pytest.param("", None, 600, ["states_validity"], id="says_validity"),
        pytest.param("", None, 300, ["states_validity", "lower_id"], id="then_lower_id"),
        pytest.param("", BRAND, 3600, ["states_validity", "uses_brand"], id="then_brand"),
        pytest.param("AP", None, 30, ["fewest_unused", "lower_id"], id="equals"),
    ],
)
def test_reasons_name_the_rules_that_decided(
    given: str, brand: str | None, life: int, names: list[str]
) -> None:
    choice = plan_template(asked(given), life=seconds(life), brand=brand)

    assert choice.reasons == tuple(c.reason for c in PREFERENCE if c.name in names)


def test_only_candidate_says_that_there_was_no_other() -> None:
    choice = plan_template(asked(""), life=seconds(301), brand=None)

    assert choice.reasons == ("No other template is wholly filled and true of this code's life.",)


@pytest.mark.parametrize(
    ("template_id", "life", "value"),
    [
        *((number, 300, None) for number in (1, 2, 3, 7, 8, 9)),
        *((1, 301, None), (2, 301, None)),
        *((4, 60, 1), (4, 300, 5), (5, 600, 10), (5, 3600, 60)),
        *((6, 3600, 1), (6, 7200, 2)),
    ],
)
def test_validity_is_counted_in_the_templates_own_unit(
    template_id: int, life: int, value: int | None
) -> None:
    assert validity_value(TEMPLATES[template_id], seconds(life)) == value


@pytest.mark.parametrize(
    ("template_id", "life"), [(4, 0), (4, 30), (4, 301), (5, 300.5), (6, 600), (6, 5400)]
)
def test_validity_that_would_be_untrue_is_refused(template_id: int, life: float) -> None:
    with pytest.raises(ValueError, match="cannot tell the truth"):
        validity_value(TEMPLATES[template_id], seconds(life))


@pytest.mark.parametrize(
    ("template_id", "given", "life", "beginning"),
    [
        (1, "", 301, "Your code is 012345. Please don't"),
        (2, "", 300, "Your code is 012345. It's valid for 5 minutes. Please"),
        (3, "B", 30, "Acme: Your code is 012345. Please"),
        (4, "", 600, "Your code is 012345. It's valid for 10 minutes. Please"),
        (5, "P", 300, "Your login code is 012345. It's valid for 5 minutes. Please"),
        (6, "B", 3600, "Your Acme code is 012345. It's valid for 1 hours. Please"),
        (7, "P", 30, "Your login code is 012345. Please"),
        (8, "A", 30, "Your one-time password for your order is 012345. Please"),
        (9, "BR", 30, "Acme: Your code is 012345. You got this code because you signed in. P"),
    ],
)
def test_english_text_is_the_providers_sentence_filled_in(
    template_id: int, given: str, life: int, beginning: str
) -> None:
    texts = dict(GIVEN[letter] for letter in given)

    text = render_english(template_id, texts, life=seconds(life), pin="012345")

    assert text.startswith(beginning)
    assert "{{" not in text


def test_placeholder_in_a_callers_text_stays_as_it_is() -> None:
    text = render_english(3, {"business_name": "{{pin}}"}, life=seconds(30), pin="012345")

    assert text.startswith("{{pin}}: Your code is 012345.")


def test_templates_hold_the_fields_of_the_providers_table() -> None:
    fields = {number: template.fields for number, template in TEMPLATES.items()}

    assert fields == {
        number: tuple(GIVEN[letter][0] for letter in held) for number, held in HELD.items()
    }

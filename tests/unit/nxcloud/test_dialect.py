from otp_service.nxcloud.dialect import DialectChoice
from otp_service.nxcloud.otp_template import Dialect


def test_search_begins_with_the_documented_spelling() -> None:
    assert DialectChoice().first() is Dialect.DOCUMENTED


def test_refusal_before_any_success_leads_to_the_other_spelling_once() -> None:
    choice = DialectChoice()

    assert choice.after_refusal({Dialect.DOCUMENTED}) is Dialect.CURRENT
    assert choice.after_refusal({Dialect.DOCUMENTED, Dialect.CURRENT}) is None


def test_first_spelling_that_worked_is_kept() -> None:
    choice = DialectChoice()

    made_the_choice = [choice.accepted(Dialect.CURRENT), choice.accepted(Dialect.DOCUMENTED)]

    assert made_the_choice == [True, False]
    assert choice.first() is Dialect.CURRENT


def test_refusal_in_the_chosen_spelling_leads_nowhere() -> None:
    choice = DialectChoice()
    choice.accepted(Dialect.DOCUMENTED)

    assert choice.after_refusal({Dialect.DOCUMENTED}) is None


def test_message_under_way_while_another_made_the_choice_follows_it() -> None:
    choice = DialectChoice()
    choice.accepted(Dialect.CURRENT)

    assert choice.after_refusal({Dialect.DOCUMENTED}) is Dialect.CURRENT


def test_fixed_spelling_stays_and_is_no_finding() -> None:
    choice = DialectChoice(Dialect.CURRENT)

    assert choice.first() is Dialect.CURRENT
    assert choice.accepted(Dialect.CURRENT) is False
    assert choice.after_refusal({Dialect.CURRENT}) is None

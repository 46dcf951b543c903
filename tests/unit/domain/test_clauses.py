from dataclasses import replace
from datetime import timedelta

import pytest
from support.verifications import BOTH_SHOP, BUDGETS, GUESSES, NO_LIMITS, SHOP, shop

from otp_service.domain.clauses import Profile, Verdict, broken, findings
from otp_service.domain.limits import Budget, Charge, NumberBudgets

NIST, ASVS = Profile.NIST, Profile.ASVS
DAY = timedelta(days=1)


def verdicts(application, setting, **details):
    """Give the verdict on a setting by profile and clause."""
    return {
        (one.profile, one.clause): one.verdict
        for one in findings(application, **details)
        if one.setting == setting
    }


def breaks(application, profile, **details):
    return [(one.clause, one.setting) for one in broken(application, profile, **details)]


@pytest.mark.parametrize("profile", Profile)
def test_defaults_break_nothing(profile):
    assert breaks(SHOP, profile) == []
    assert breaks(BOTH_SHOP, profile) == []


@pytest.mark.parametrize(
    ("rules", "setting", "nist", "asvs"),
    [
        ({"pin_digits": 5}, "pin_digits", "3.1.3.2", "6.5.4"),
        ({"life": timedelta(seconds=601)}, "life_seconds", "3.1.3.2", "6.5.5"),
    ],
)
def test_weak_codes_break_both(rules, setting, nist, asvs):
    assert breaks(shop(**rules), NIST) == [(nist, setting)]
    assert breaks(shop(**rules), ASVS) == [(asvs, setting)]


def test_ten_minutes_are_the_most():
    ten_minutes = shop(life=timedelta(minutes=10))

    assert breaks(ten_minutes, NIST) == breaks(ten_minutes, ASVS) == []


@pytest.mark.parametrize(("attempts", "is_broken"), [(5, False), (6, True)])
def test_more_than_hundred_wrong_guesses_in_a_day_break_nist_alone(attempts, is_broken):
    # Ten begin before the day and live into it, ten within it.
    starts = Budget("starts", Charge.START, 10, DAY)
    budgets = NumberBudgets((starts,), replace(GUESSES, limit=1000))

    assert bool(breaks(shop(budgets=budgets, attempts=attempts), NIST)) is is_broken
    assert breaks(shop(budgets=budgets, attempts=attempts), ASVS) == []


def test_a_guesser_without_bound_breaks_both():
    assert breaks(shop(budgets=NO_LIMITS), NIST) == [("3.2.2", "budgets")]
    assert breaks(shop(budgets=NO_LIMITS), ASVS) == [("6.6.3", "budgets")]


def test_a_limit_above_hundred_breaks_nist():
    budgets = replace(BUDGETS, guesses=replace(GUESSES, limit=100), sliding=BUDGETS.sliding[2:])

    assert breaks(shop(budgets=budgets), NIST) == [("3.2.2", "budgets")]


def test_fixed_pins_break_both():
    assert breaks(SHOP, NIST, fixed_pins=2) == [("3.1.3.2", "test_numbers")]
    assert breaks(SHOP, ASVS, fixed_pins=2) == [("6.5.1", "test_numbers")]


def test_sms_is_the_callers_to_answer_for_and_viber_alone_is_no_telephone_network():
    clauses = [(NIST, "3.1.3.3"), (ASVS, "6.6.1")]

    by_both, by_viber = verdicts(BOTH_SHOP, "channels"), verdicts(SHOP, "channels")

    assert [by_both[clause] for clause in clauses] == [Verdict.CALLERS] * 2
    assert [by_viber[clause] for clause in clauses] == [Verdict.OUTSIDE] * 2


def test_a_sliding_day_is_never_claimed_to_disable_anything():
    assert verdicts(SHOP, "budgets")[NIST, "3.2.2"] is Verdict.IN_PART
    assert verdicts(SHOP, "owner_addresses") == {(NIST, "3.2.2"): Verdict.IN_PART}


@pytest.mark.parametrize(
    ("profile", "clauses"),
    [
        (NIST, {"3.1.3.1", "3.1.3.2", "3.1.3.3", "3.2.2"}),
        (ASVS, {"6.5.1", "6.5.2", "6.5.3", "6.5.4", "6.5.5", "6.6.1", "6.6.2", "6.6.3"}),
    ],
)
def test_every_clause_has_its_line(profile, clauses):
    lines = [one for one in findings(SHOP) if one.profile is profile]

    assert {one.clause for one in lines} == clauses
    assert all(one.why for one in lines)

"""Owners: an address that verified the number lately has the number's budgets to itself."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.account_events import (
    EVENTS,
    SHOP,
    Event,
    Model,
    Player,
    Wait,
    log_of,
    owners_of,
)
from support.kinds import Kind
from support.parallel import side_by_side
from support.store_view import StoppedClock, StoreView
from support.verifications import (
    BOTH_PLANS,
    BOTH_SHOP,
    BUDGETS,
    GUESSES,
    NUMBER_KEY,
    OTHER_PHONE,
    PIN,
    SECOND_PIN,
    WRONG_PIN,
    Desk,
    SilentJournal,
    shop,
)

from otp_service.domain.client_address import AddressScheme
from otp_service.domain.limits import Budget, Charge, NumberBudgets
from otp_service.domain.owner import OwnerRule
from otp_service.domain.verification import Verification
from otp_service.ports import NoResend, OverBudget, ResendBar
from otp_service.redis_store import RedisStore

ADDRESSES = AddressScheme(NUMBER_KEY)
HOME, WORK, STRANGE = (ADDRESSES.tag(f"203.0.113.{last}") for last in (7, 8, 99))
MILLISECOND = timedelta(milliseconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GUESSED = GUESSES.name
ONLY_GUESSES = shop(budgets=NumberBudgets((), GUESSES), attempts=1000, life=3 * DAY)


def at(desk: Desk, address: str | None) -> Desk:
    return replace(desk, address_tag=address)


def of(desk: Desk, **changes: object) -> Desk:
    """Give the same desk of the shop with other budgets or rules."""
    return replace(desk, application=shop(**changes))  # type: ignore[arg-type]


def owner(desk: Desk, address: str = HOME, **details: object) -> Desk:
    """Give the desk of an address that has just verified the number."""
    own = at(desk, address)
    own.guess(own.start(**details).id, PIN)
    return own


def use_up(desk: Desk) -> None:
    """Start for as long as it is allowed."""
    while isinstance(desk.try_start(), Verification):
        pass


def accounts(view: StoreView) -> Counter[str]:
    """Give how many charges stand in the logs, by the account they are charged to."""
    return Counter(
        member.decode()[1:].rpartition(":")[0]
        for key, log in view.logs().items()
        if b":n:" in key
        for member in log
    )


def remembered(view: StoreView) -> dict[str, int]:
    (owners,) = (value for key, value in view.logs().items() if b":o:" in key)
    return {member.decode(): at_ms for member, at_ms in owners.items()}


def test_owner_starts_where_strangers_used_the_number_up(desk: Desk) -> None:
    own, stranger = owner(desk), at(desk, STRANGE)
    use_up(stranger)

    assert isinstance(stranger.try_start(), OverBudget)
    assert isinstance(at(desk, None).try_start(), OverBudget)
    assert [isinstance(own.try_start(), Verification) for _ in range(6)] == [True] * 5 + [False]


def test_strangers_start_where_an_owner_used_his_budgets_up(
    stopped: Desk, clock: StoppedClock
) -> None:
    own = owner(stopped)
    use_up(own)

    assert own.try_start() == OverBudget("number_starts_per_hour", HOUR, is_owners=True)
    assert isinstance(at(stopped, STRANGE).try_start(), Verification)
    assert isinstance(at(stopped, None).try_start(), Verification)


def test_owner_starts_where_strangers_used_the_guesses_up(
    stopped: Desk, clock: StoppedClock
) -> None:
    desk = replace(stopped, application=ONLY_GUESSES)
    own, stranger = owner(desk), at(desk, STRANGE)
    live = stranger.start()

    for _ in range(20):
        stranger.guess(live.id, WRONG_PIN)

    assert stranger.try_start() == OverBudget(GUESSED, timedelta(minutes=1))
    assert at(desk, None).try_start() == OverBudget(GUESSED, timedelta(minutes=1))
    assert isinstance(own.try_start(), Verification)


def test_strangers_start_where_an_owner_used_his_guesses_up(
    stopped: Desk, clock: StoppedClock
) -> None:
    desk = replace(stopped, application=ONLY_GUESSES)
    own = owner(desk)
    live = own.start()

    for _ in range(20):
        own.guess(live.id, WRONG_PIN)

    assert own.try_start() == OverBudget(GUESSED, timedelta(minutes=1), is_owners=True)
    assert isinstance(at(desk, STRANGE).try_start(), Verification)


def test_each_wait_of_an_owner_grows_as_strangers_waits_do(
    stopped: Desk, clock: StoppedClock
) -> None:
    own = owner(replace(stopped, application=ONLY_GUESSES))
    live = own.start()
    waits = []

    for step in (20, 5, 5, 5):
        for _ in range(step):
            own.guess(live.id, WRONG_PIN)
        waits.append(own.try_start().retry_after)  # type: ignore[union-attr]

    assert waits == list(GUESSES.waits)


def test_two_owners_have_budgets_of_their_own(desk: Desk) -> None:
    home, work = owner(desk, HOME), owner(desk, WORK)
    use_up(home)

    assert isinstance(home.try_start(), OverBudget)
    assert [isinstance(work.try_start(), Verification) for _ in range(6)] == [True] * 5 + [False]


def test_guesses_are_charged_to_where_the_verification_was_started(
    desk: Desk, view: StoreView
) -> None:
    home = owner(of(desk, attempts=100), HOME)
    live = home.start()
    before = accounts(view)

    at(home, STRANGE).guess(live.id, WRONG_PIN)
    at(home, None).guess(live.id, WRONG_PIN)

    assert accounts(view) - before == {HOME: 2}


def test_verification_from_before_its_address_was_an_owner_stays_the_strangers(
    desk: Desk, view: StoreView
) -> None:
    home = at(of(desk, resend_cooldown=timedelta(0)), HOME)
    first, second = home.start(), home.start()
    home.guess(first.id, PIN)

    home.guess(second.id, WRONG_PIN)
    home.resend(second.id)

    assert accounts(view) == {"": 6}
    assert home.start().owner_tag == HOME


def test_address_is_an_owner_for_30_days_to_the_millisecond(
    stopped: Desk, clock: StoppedClock
) -> None:
    home = owner(stopped)
    clock.advance(30 * DAY - MILLISECOND)

    assert home.start().owner_tag == HOME
    clock.advance(MILLISECOND)
    assert home.start().owner_tag is None


def test_on_day_31_an_owner_shares_the_strangers_budgets(desk: Desk, view: StoreView) -> None:
    home = owner(desk)
    view.advance(31 * DAY)
    use_up(at(desk, STRANGE))

    assert isinstance(home.try_start(), OverBudget)


def test_each_approval_begins_the_30_days_anew(stopped: Desk, clock: StoppedClock) -> None:
    owner(stopped)
    clock.advance(29 * DAY)
    home = owner(stopped)
    clock.advance(29 * DAY)

    assert home.start().owner_tag == HOME


def test_owner_in_one_application_is_a_stranger_in_another(desk: Desk) -> None:
    owner(desk)
    bank = replace(at(desk, HOME), application=shop(name="bank"))

    assert bank.start().owner_tag is None
    use_up(at(bank, STRANGE))
    assert isinstance(bank.try_start(), OverBudget)


def test_owner_of_one_number_is_a_stranger_to_another(desk: Desk) -> None:
    home = owner(desk)

    assert home.start(phone=OTHER_PHONE).owner_tag is None


def test_address_becomes_an_owner_by_an_approval_alone(desk: Desk, view: StoreView) -> None:
    home = at(of(desk, resend_cooldown=timedelta(0)), HOME)
    canceled, guessed, resent = home.start(), home.start(), home.start()
    home.cancel(canceled.id)
    home.guess(canceled.id, PIN)
    home.exhaust(guessed.id)
    home.guess(guessed.id, PIN)
    home.resend(resent.id)

    assert home.start().owner_tag is None
    assert not [name for name in view.names() if b":o:" in name]


def test_right_code_given_from_elsewhere_makes_the_starting_address_an_owner(
    desk: Desk, view: StoreView
) -> None:
    started = at(desk, HOME).start()

    at(desk, STRANGE).guess(started.id, PIN)

    assert set(remembered(view)) == {HOME}


def test_second_use_of_a_right_code_makes_nobody_an_owner_anew(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    home = at(stopped, HOME)
    started = home.start()
    home.guess(started.id, PIN)
    before = remembered(view)
    clock.advance(HOUR)

    home.guess(started.id, PIN)

    assert remembered(view) == before


def test_where_no_address_is_known_nobody_is_an_owner(desk: Desk, view: StoreView) -> None:
    nowhere = at(desk, None)
    nowhere.guess(nowhere.start().id, PIN)
    use_up(nowhere)

    assert not [name for name in view.names() if b":o:" in name]
    assert isinstance(nowhere.try_start(), OverBudget)
    assert isinstance(at(desk, "").try_start(), OverBudget)


def test_of_many_owners_the_ten_latest_count(stopped: Desk, clock: StoppedClock) -> None:
    many = of(stopped, budgets=NumberBudgets((), GUESSES))
    tags = [ADDRESSES.tag(f"198.51.100.{last}") for last in range(11)]
    for tag in tags:
        owner(many, tag)
        clock.advance(MILLISECOND)

    assert [at(many, tag).start().owner_tag for tag in tags] == [None, *tags[1:]]
    owner(many, tags[1])
    owner(many, STRANGE)
    assert at(many, tags[1]).start().owner_tag == tags[1]
    assert at(many, tags[2]).start().owner_tag is None


def test_in_any_day_no_more_owners_are_charged_than_count_at_a_time(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    two = of(stopped, budgets=NumberBudgets((), GUESSES, OwnerRule(addresses=2)))
    tags = [ADDRESSES.tag(f"198.51.100.{last}") for last in range(4)]
    charged = []
    for tag in tags:
        owner(two, tag)
        charged.append(at(two, tag).start().owner_tag)
        clock.advance(HOUR)

    assert charged == [*tags[:2], None, None]
    clock.advance(20 * HOUR - MILLISECOND)
    assert at(two, tags[3]).start().owner_tag is None
    clock.advance(MILLISECOND)
    assert at(two, tags[3]).start().owner_tag == tags[3]
    assert at(two, tags[2]).start().owner_tag is None


def test_caller_without_sends_waits_as_a_stranger_where_too_many_owners_are_charged(
    stopped: Desk, clock: StoppedClock
) -> None:
    one = of(stopped, budgets=replace(BUDGETS, owners=OwnerRule(addresses=1)), sends=1)
    owner(one, HOME).start()
    clock.advance(MILLISECOND)
    begun = at(one, WORK).start()
    owner(one, WORK)
    use_up(at(one, STRANGE))

    answer = one.try_resend(begun.id)

    assert answer == NoResend(ResendBar.NO_SENDS_LEFT, HOUR - MILLISECOND)


def test_fewer_owners_in_the_settings_hold_at_once(stopped: Desk, clock: StoppedClock) -> None:
    for tag in (WORK, HOME):
        owner(stopped, tag)
        clock.advance(MILLISECOND)
    one = of(stopped, budgets=replace(BUDGETS, owners=OwnerRule(addresses=1)))

    assert [at(one, tag).start().owner_tag for tag in (WORK, HOME)] == [None, HOME]


def test_shorter_memory_in_the_settings_holds_at_once(stopped: Desk, clock: StoppedClock) -> None:
    owner(stopped)
    day = of(stopped, budgets=replace(BUDGETS, owners=OwnerRule(remembered=DAY)))
    clock.advance(DAY - MILLISECOND)

    assert at(day, HOME).start().owner_tag == HOME
    clock.advance(MILLISECOND)
    assert at(day, HOME).start().owner_tag is None


def test_without_owners_everybody_shares_and_nothing_is_kept(desk: Desk, view: StoreView) -> None:
    none = of(desk, budgets=replace(BUDGETS, owners=OwnerRule(addresses=0)))
    home = owner(none)
    use_up(at(none, STRANGE))

    assert isinstance(home.try_start(), OverBudget)
    assert not [name for name in view.names() if b":o:" in name]


def test_owners_that_are_not_wanted_any_more_go_with_the_next_approval(
    desk: Desk, view: StoreView
) -> None:
    owner(desk)
    none = of(desk, budgets=replace(BUDGETS, owners=OwnerRule(addresses=0)))

    owner(none)

    assert not [name for name in view.names() if b":o:" in name]


def test_owners_are_forgotten_with_the_last_of_them(desk: Desk, view: StoreView) -> None:
    owner(desk)
    (key,) = [name for name in view.names() if b":o:" in name]

    assert 30 * DAY - timedelta(minutes=1) < view.left()[key] <= 30 * DAY
    view.advance(30 * DAY)
    assert view.names() == []


def test_owner_whose_days_are_over_goes_with_the_next_approval(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    owner(stopped, HOME)
    clock.advance(30 * DAY)

    owner(stopped, WORK)

    assert set(remembered(view)) == {WORK}


def test_guess_resend_guess_loop_of_a_stranger_leaves_the_owner_his_budgets(
    stopped: Desk, clock: StoppedClock
) -> None:
    desk = of(stopped, resend_cooldown=timedelta(0))
    own, stranger = owner(desk), at(desk, STRANGE)
    for _ in range(24):
        clock.advance(HOUR)
        while isinstance(begun := stranger.try_start(), Verification):
            stranger.guess(begun.id, WRONG_PIN)
            stranger.try_resend(begun.id)
            stranger.exhaust(begun.id)

    assert isinstance(stranger.try_start(), OverBudget)
    begun = own.start()
    assert isinstance(own.try_resend(begun.id), Verification)
    assert own.read(own.start().id).attempts_left == 5


@pytest.mark.parametrize("is_owner", [False, True], ids=["nobody is owner", "beside an owner"])
def test_attacker_who_rotates_addresses_gets_one_budget_of_starts(
    desk: Desk, view: StoreView, *, is_owner: bool
) -> None:
    if is_owner:
        owner(desk)
        view.advance(DAY)
    tags = [ADDRESSES.tag(f"198.51.{third}.1") for third in range(60)]

    answers = [at(desk, tag).try_start() for tag in tags]

    assert sum(isinstance(answer, Verification) for answer in answers) == 5
    assert accounts(view) == {"": 10}


def test_attacker_who_rotates_addresses_gets_one_budget_of_guesses(
    stopped: Desk, clock: StoppedClock
) -> None:
    guesses = 0
    for hour in range(24):
        for minute in range(0, 60, 5):
            spot = at(stopped, ADDRESSES.tag(f"198.51.{hour}.{minute}"))
            if isinstance(begun := spot.try_start(), Verification):
                guesses += 5
                spot.exhaust(begun.id)
            clock.advance(timedelta(minutes=5))

    # Three waits of one step each follow the limit before the day's begins.
    assert guesses == 20 + 3 * 5


def test_attacker_at_an_owner_s_address_has_that_owner_s_budgets_besides(
    stopped: Desk, clock: StoppedClock
) -> None:
    many = of(stopped, budgets=NumberBudgets((), replace(GUESSES, waits=(DAY,)), OwnerRule(2)))
    owner(many, HOME)
    owner(many, WORK)
    guesses = 0

    for tag in (HOME, WORK, STRANGE, None):
        while isinstance(begun := at(many, tag).try_start(), Verification):
            guesses += 5
            many.exhaust(begun.id)

    assert guesses == OwnerRule(2).accounts * GUESSES.limit


def test_live_verification_of_an_owner_is_as_it_was_after_strangers_guesses(desk: Desk) -> None:
    desk = of(desk, budgets=NumberBudgets((), GUESSES), resend_cooldown=timedelta(0))
    own, stranger = owner(desk), at(desk, STRANGE)
    live, strange = own.start(), stranger.start()
    for _ in range(4):
        stranger.exhaust(stranger.start().id)
    assert isinstance(stranger.try_start(), OverBudget)

    assert own.read(live.id).attempts_left == 5
    assert isinstance(own.try_resend(live.id), Verification)
    assert isinstance(stranger.try_resend(strange.id), Verification)
    assert own.verdict(live.id, PIN) == "approved"
    assert stranger.verdict(strange.id, SECOND_PIN) == "approved"


@pytest.mark.parametrize("tag", [None, HOME], ids=["stranger", "owner"])
@pytest.mark.parametrize(
    ("more", "charged"),
    [
        pytest.param(lambda desk, vid: desk.try_resend(vid.id), 1, id="resend"),
        pytest.param(lambda desk, vid: desk.fall_back(vid), 1, id="fall back"),
        pytest.param(lambda desk, vid: desk.replace(vid), 0, id="replace"),
        pytest.param(lambda desk, vid: desk.guess(vid.id, WRONG_PIN), 1, id="wrong guess"),
        pytest.param(lambda desk, vid: desk.exhaust(vid.id), 5, id="wrong guesses"),
        pytest.param(lambda desk, vid: desk.guess(vid.id, PIN), 0, id="right guess"),
        pytest.param(lambda desk, vid: desk.cancel(vid.id), 0, id="cancel"),
        pytest.param(lambda desk, vid: desk.take_back(vid), -2, id="take back"),
        pytest.param(
            lambda desk, vid: desk.take_back(desk.resend(vid.id)), 0, id="take a resend back"
        ),
        pytest.param(
            lambda desk, vid: desk.take_back(desk.replace(vid)), -2, id="take the other back"
        ),
    ],
)
def test_everything_about_a_verification_is_charged_to_the_account_of_its_start(
    desk: Desk,
    view: StoreView,
    tag: str | None,
    more: Callable[[Desk, Verification], object],
    charged: int,
) -> None:
    both = replace(
        desk,
        application=replace(
            BOTH_SHOP, rules=replace(BOTH_SHOP.rules, resend_cooldown=timedelta(0))
        ),
    )
    owner(both, HOME)
    begun = at(both, tag).start(plans=BOTH_PLANS)
    assert begun.owner_tag == tag
    before = accounts(view)

    more(both, begun)

    before[tag or ""] += charged
    assert accounts(view) == +before


def test_verification_keeps_its_account_when_its_address_is_an_owner_s_no_more(
    stopped: Desk, clock: StoppedClock, view: StoreView
) -> None:
    home = owner(of(stopped, resend_cooldown=timedelta(0)))
    clock.advance(30 * DAY - MILLISECOND)
    begun = home.start()
    clock.advance(MILLISECOND)

    home.guess(begun.id, WRONG_PIN)
    resent = home.resend(begun.id)

    assert accounts(view) == {HOME: 4}
    assert resent.owner_tag == HOME
    home.take_back(resent)
    home.take_back(begun)
    assert accounts(view) == {HOME: 1}


def test_caller_without_sends_is_told_the_wait_of_his_own_next_start(
    stopped: Desk, clock: StoppedClock
) -> None:
    desk = of(stopped, sends=1)
    home = at(desk, HOME)
    before_it_verified, lapsed = home.start(), at(desk, STRANGE).start()
    home.guess(home.start().id, PIN)
    use_up(at(desk, STRANGE))

    def wait(verification: Verification) -> NoResend:
        answer = desk.try_resend(verification.id)
        assert isinstance(answer, NoResend)
        return answer

    assert wait(before_it_verified) == NoResend(ResendBar.NO_SENDS_LEFT, timedelta(0))
    assert wait(lapsed) == NoResend(ResendBar.NO_SENDS_LEFT, HOUR)


def test_owner_s_verification_that_was_taken_back_leaves_the_owner(
    desk: Desk, view: StoreView
) -> None:
    home = owner(desk)
    before = view.dump()

    home.take_back(home.started())

    assert view.dump() == before


def test_refused_start_of_an_owner_writes_nothing(desk: Desk, view: StoreView) -> None:
    home = owner(desk)
    use_up(home)
    before = view.dump()

    assert isinstance(home.try_start(), OverBudget)

    assert view.dump() == before


def test_refused_start_says_whose_budget_it_was(desk: Desk) -> None:
    home = owner(desk)
    use_up(home)
    use_up(at(desk, STRANGE))

    owners, strangers = home.try_start(), at(desk, STRANGE).try_start()

    assert isinstance(owners, OverBudget)
    assert isinstance(strangers, OverBudget)
    assert (owners.is_owners, strangers.is_owners) == (True, False)


def test_resend_waits_for_the_messages_of_its_own_account(
    stopped: Desk, clock: StoppedClock
) -> None:
    limit = Budget("messages", Charge.MESSAGE, 2, HOUR)
    desk = of(stopped, budgets=NumberBudgets((limit,), GUESSES), resend_cooldown=timedelta(0))
    own, stranger = owner(desk), at(desk, STRANGE)
    strange = stranger.start()
    assert stranger.try_resend(strange.id) == OverBudget("messages", HOUR)

    begun = own.start()

    assert isinstance(own.try_resend(begun.id), Verification)
    assert own.try_resend(begun.id) == OverBudget("messages", HOUR, is_owners=True)


def test_address_of_an_ipv6_owner_is_its_whole_64(desk: Desk) -> None:
    owner(desk, ADDRESSES.tag("2001:db8:0:1::1"))

    neighbour, next_net = (
        at(desk, ADDRESSES.tag(address)) for address in ("2001:db8:0:1:f::2", "2001:db8:0:2::1")
    )

    assert neighbour.start().owner_tag == ADDRESSES.tag("2001:db8:0:1::1")
    assert next_net.start().owner_tag is None


def test_no_address_is_readable_among_the_owners(desk: Desk, view: StoreView) -> None:
    owner(desk)

    assert b"203.0.113" not in repr(view.dump()).encode()
    assert set(remembered(view)) == {HOME}


@pytest.fixture
def shared(kind: Kind) -> Desk:
    """For many callers at once, whom no check of every key must slow down."""
    return Desk(RedisStore(kind.connection, SilentJournal()))


def test_owners_and_strangers_side_by_side_have_exactly_their_budgets(
    shared: Desk, view: StoreView
) -> None:
    for tag in (HOME, WORK):
        owner(shared, tag)
    view.advance(DAY)
    callers = [HOME, WORK, STRANGE, None] * 16

    answers = side_by_side([at(shared, tag).try_start for tag in callers])

    started = Counter(answer.owner_tag for answer in answers if isinstance(answer, Verification))
    assert started == {HOME: 5, WORK: 5, None: 5}
    assert accounts(view) == {HOME: 10, WORK: 10, "": 10}


def test_right_codes_side_by_side_make_one_owner_each(shared: Desk, view: StoreView) -> None:
    many = of(shared, budgets=NumberBudgets((), GUESSES))
    tags = [ADDRESSES.tag(f"198.51.100.{last}") for last in range(16)]
    begun = [(at(many, tag), at(many, tag).start()) for tag in tags]

    side_by_side([lambda each=each: each[0].guess(each[1].id, PIN) for each in begun])

    assert len(remembered(view)) == 10
    assert set(remembered(view)) <= set(tags)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(EVENTS, min_size=1, max_size=40))
def test_any_run_of_events_is_judged_and_charged_as_the_plain_model_does(
    kind: Kind, events: list[Event]
) -> None:
    kind.view.flush()
    clock = StoppedClock(kind.connection, kind.view.now_ms())
    model, player = Model(clock.now_ms), Player(RedisStore(clock, SilentJournal()))

    for event in filter(model.can_happen, events):
        if isinstance(event, Wait):
            clock.advance(event.span)
        assert player.play(event) == model.play(event)
        assert log_of(kind.view, clock.now_ms) == model.log()
        assert owners_of(kind.view, SHOP.id, clock.now_ms) == model.owners(SHOP.id)

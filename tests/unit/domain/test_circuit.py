from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.circuit import A_MOMENT, Circuit, CircuitRules, Pass, Sign, Turn

OPEN_FOR = timedelta(seconds=5)
PROBE_LASTS = timedelta(seconds=30)
WINDOW = timedelta(seconds=30)
RULES = CircuitRules(failures=10, open_for=OPEN_FOR, probe_lasts=PROBE_LASTS)
NOW = timedelta(hours=7)
NONE_LEFT = timedelta(0)


def after(seconds: float) -> timedelta:
    return NOW + timedelta(seconds=seconds)


def told(circuit: Circuit, sign: Sign, times: int = 1, *, at: timedelta = NOW) -> Turn | None:
    turn = None
    for _ in range(times):
        let = circuit.enter(at)
        assert let is not None
        turn = circuit.leave(let, sign, at)
    return turn


def opened(rules: CircuitRules = RULES) -> Circuit:
    circuit = Circuit(rules)
    assert told(circuit, Sign.FAILING, rules.failures) is Turn.OPENED
    return circuit


def probe(circuit: Circuit, at: timedelta) -> Pass:
    let = circuit.enter(at)
    assert let is not None
    assert circuit.enter(at) is None
    return let


def test_tenth_failure_opens() -> None:
    circuit = Circuit(RULES)

    assert told(circuit, Sign.FAILING, 9) is None
    assert circuit.wait(NOW) == NONE_LEFT
    assert told(circuit, Sign.FAILING) is Turn.OPENED
    assert circuit.wait(NOW) == OPEN_FOR
    assert circuit.enter(NOW) is None


def test_failures_that_are_fewer_than_half_do_not_open() -> None:
    circuit = Circuit(RULES)
    told(circuit, Sign.ALIVE, 12)

    assert told(circuit, Sign.FAILING, 11) is None
    assert told(circuit, Sign.FAILING) is Turn.OPENED


def test_failures_of_longer_ago_than_the_window_are_forgotten() -> None:
    circuit = Circuit(RULES)
    told(circuit, Sign.FAILING, 9)

    assert told(circuit, Sign.FAILING, at=NOW + WINDOW) is None
    assert told(circuit, Sign.FAILING, 9, at=NOW + WINDOW) is Turn.OPENED


def test_failures_just_within_the_window_count() -> None:
    circuit = Circuit(RULES)
    told(circuit, Sign.FAILING, 9)

    just_within = NOW + WINDOW - timedelta(microseconds=1)
    assert told(circuit, Sign.FAILING, at=just_within) is Turn.OPENED


def test_message_that_tells_nothing_counts_for_nothing() -> None:
    circuit = Circuit(RULES)

    assert told(circuit, Sign.NONE, 100) is None
    assert told(circuit, Sign.FAILING, 10) is Turn.OPENED


def test_no_failures_allowed_means_never_open() -> None:
    circuit = Circuit(CircuitRules(failures=0, open_for=OPEN_FOR, probe_lasts=PROBE_LASTS))

    assert told(circuit, Sign.FAILING, 1_000) is None
    assert circuit.wait(NOW) == NONE_LEFT


def test_one_probe_goes_at_a_time() -> None:
    circuit = opened()

    assert circuit.enter(after(4.999)) is None
    let = probe(circuit, after(5))

    assert circuit.wait(after(5)) == A_MOMENT
    assert circuit.leave(let, Sign.ALIVE, after(6)) is Turn.CLOSED
    assert circuit.wait(after(6)) == NONE_LEFT


def test_probe_that_fails_keeps_it_open_for_as_long_again() -> None:
    circuit = opened()

    assert circuit.leave(probe(circuit, after(5)), Sign.FAILING, after(13)) is None

    assert circuit.wait(after(13)) == OPEN_FOR
    assert circuit.enter(after(17.999)) is None
    assert circuit.enter(after(18)) is not None


def test_probe_that_tells_nothing_lets_the_next_one_go_at_once() -> None:
    circuit = opened()

    circuit.leave(probe(circuit, after(5)), Sign.NONE, after(6))

    assert circuit.leave(probe(circuit, after(6)), Sign.ALIVE, after(7)) is Turn.CLOSED


def test_probe_that_never_comes_back_is_given_up() -> None:
    circuit = opened()
    lost = probe(circuit, after(5))

    assert circuit.enter(after(34.999)) is None
    probe(circuit, after(35))

    assert circuit.leave(lost, Sign.ALIVE, after(36)) is None
    assert circuit.wait(after(36)) > NONE_LEFT


def test_message_that_went_before_it_opened_does_not_close_it() -> None:
    circuit = Circuit(RULES)
    early = circuit.enter(NOW)
    assert early is not None
    told(circuit, Sign.FAILING, 10)

    assert circuit.leave(early, Sign.ALIVE, after(1)) is None
    assert circuit.wait(after(1)) == timedelta(seconds=4)


def test_late_failures_of_before_do_not_open_it_again() -> None:
    circuit = Circuit(RULES)
    early = [circuit.enter(NOW) for _ in range(20)]
    told(circuit, Sign.FAILING, 10)
    circuit.leave(probe(circuit, after(5)), Sign.ALIVE, after(6))

    assert [circuit.leave(let, Sign.FAILING, after(7)) for let in early if let] == [None] * 20
    assert circuit.wait(after(7)) == NONE_LEFT


def test_closing_forgets_what_failed_before() -> None:
    circuit = opened()
    circuit.leave(probe(circuit, after(5)), Sign.ALIVE, after(5))

    assert told(circuit, Sign.FAILING, 9, at=after(6)) is None
    assert told(circuit, Sign.FAILING, at=after(6)) is Turn.OPENED


def test_one_pass_is_good_for_one_sign_of_a_probe() -> None:
    circuit = opened()
    let = probe(circuit, after(5))
    circuit.leave(let, Sign.FAILING, after(5))

    assert circuit.leave(let, Sign.ALIVE, after(5)) is None
    assert circuit.wait(after(5)) == OPEN_FOR


@dataclass
class History:
    """What happened to a circuit, and what must come of it by the rule as it is written down."""

    failures: int
    now: timedelta = NOW
    is_open: bool = False
    signs: list[tuple[timedelta, Sign]] = field(default_factory=list)
    probe: Pass | None = None
    may_probe_at: timedelta = NOW

    def may_go(self) -> bool:
        return not self.is_open or self.now >= self.may_probe_at

    def went(self, let: Pass) -> None:
        if self.is_open:
            self.probe, self.may_probe_at = let, self.now + PROBE_LASTS

    def returned(self, let: Pass, sign: Sign) -> Turn | None:
        if self.is_open:
            return self._of_probe(sign) if let is self.probe else None
        if sign is not Sign.NONE:
            self.signs.append((self.now, sign))
        within = [what for at, what in self.signs if at > self.now - WINDOW]
        failed = within.count(Sign.FAILING)
        if sign is not Sign.FAILING or failed < self.failures or 2 * failed < len(within):
            return None
        self.is_open, self.probe, self.may_probe_at = True, None, self.now + OPEN_FOR
        return Turn.OPENED

    def _of_probe(self, sign: Sign) -> Turn | None:
        self.probe = None
        if sign is Sign.ALIVE:
            self.is_open, self.signs = False, []
            return Turn.CLOSED
        self.may_probe_at = self.now + (OPEN_FOR if sign is Sign.FAILING else NONE_LEFT)
        return None


# Whole steps of half a second, so that bounds are met exactly and not only passed.
_STEPS = st.tuples(
    st.integers(0, 12), st.sampled_from(Sign), st.sampled_from(["go", "oldest", "newest"])
)


@given(st.integers(1, 4), st.lists(_STEPS, max_size=200))
def test_it_turns_by_its_rule_alone_whatever_goes_and_returns_in_whatever_order(
    failures: int, steps: list[tuple[int, Sign, str]]
) -> None:
    circuit = Circuit(CircuitRules(failures=failures, open_for=OPEN_FOR, probe_lasts=PROBE_LASTS))
    history, out = History(failures), list[Pass]()

    for halves, sign, step in steps:
        history.now += halves * timedelta(seconds=0.5)
        assert (circuit.wait(history.now) == NONE_LEFT) is history.may_go()
        if step == "go":
            let = circuit.enter(history.now)
            assert (let is not None) is history.may_go()
            if let is not None:
                history.went(let)
                out.append(let)
        elif out:
            let = out.pop(0 if step == "oldest" else -1)
            turn = circuit.leave(let, sign, history.now)
            assert turn is history.returned(let, sign)
            if turn is Turn.CLOSED:
                # Whatever went before is late now, and says nothing.
                assert {circuit.leave(late, Sign.FAILING, history.now) for late in out} <= {None}
                out.clear()

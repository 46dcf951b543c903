"""The store's rules of one number as a plain model, played by the best guesser there is.

Time goes in whole ticks. At each the guesser may start, resend and guess as often as the rules let
him; every order of doing so is tried.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Game:
    """Rules in ticks.

    Args:
        starts, messages: (limit, window) each.
        waits: of the guess budget, whose window is ``window``.
        day: guesses count from tick 0 to before this one.
    """

    starts: tuple[tuple[int, int], ...]
    messages: tuple[tuple[int, int], ...]
    life: int
    attempts: int
    sends: int
    cooldown: int
    limit: int
    window: int
    waits: tuple[int, ...]
    day: int


# A verification: attempts left, when each PIN ends, when the next resend is allowed.
Begun = tuple[int, tuple[int, ...], int]


def play(game: Game) -> tuple[int, int]:
    """Give the most guesses of the day, and the most PINs that these could have been."""

    def has_room(times: tuple[int, ...], budgets: tuple[tuple[int, int], ...], now: int) -> bool:
        return all(len(times) < limit or times[-limit] + window <= now for limit, window in budgets)

    def may_start(
        starts: tuple[int, ...], messages: tuple[int, ...], guesses: tuple[int, ...], now: int
    ) -> bool:
        if not has_room(starts, game.starts, now) or not has_room(messages, game.messages, now):
            return False
        inside = [at for at in guesses if at > now - game.window]
        if len(inside) < game.limit:
            return True
        stage = min((len(inside) - game.limit) // game.attempts, len(game.waits) - 1)
        return inside[-1] + game.waits[stage] <= now

    @cache
    def best(
        now: int,
        starts: tuple[int, ...],
        messages: tuple[int, ...],
        guesses: tuple[int, ...],
        begun: tuple[Begun, ...],
    ) -> tuple[int, int]:
        if now >= game.day:
            return 0, 0
        alive = tuple(one for one in begun if one[0] and max(one[1]) > now)
        outcomes = [best(now + 1, starts, messages, guesses, alive)]
        if may_start(starts, messages, guesses, now):
            new = (game.attempts, (now + game.life,), now + game.cooldown)
            outcomes.append(
                best(now, (*starts, now), (*messages, now), guesses, tuple(sorted((*alive, new))))
            )
        for at, one in enumerate(alive):
            if alive.index(one) < at:
                continue
            left, ends, resend_at = one
            others = alive[:at] + alive[at + 1 :]
            is_open = len(ends) < game.sends and resend_at <= now
            if is_open and has_room(messages, game.messages, now):
                cooldown = game.cooldown * 2 ** len(ends)
                resent = (left, (*ends, now + game.life), now + cooldown)
                outcomes.append(
                    best(now, starts, (*messages, now), guesses, tuple(sorted((*others, resent))))
                )
            if now >= 0:
                guessed = (left - 1, ends, resend_at)
                more, met = best(
                    now, starts, messages, (*guesses, now), tuple(sorted((*others, guessed)))
                )
                outcomes.append((more + 1, met + sum(end > now for end in ends)))
        return max(more for more, _ in outcomes), max(met for _, met in outcomes)

    return best(-game.life * game.sends, (), (), (), ())

"""``policy explain`` in words."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from otp_service.cli.policy_figures import Figures
from otp_service.domain.clauses import Profile

_SCOPES = {
    "number": "one number",
    "number_with_owners": "one number with all its owners",
    "token": "one client token",
    "address": "one address",
    "prefix": "one number range",
    "country": "one country",
    "application": "the application",
    "all": "all applications",
}
_INDENT = " " * 6
_NO_LIMIT = "no limit"
_SECONDS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def words(found: Figures) -> Iterator[str]:
    """Give the lines."""
    for application in found["applications"]:
        yield f"Application {application['id']}"
        yield ""
        yield from _guessing(application["guessing"])
        yield from _fixed_pins(application["fixed_pins"])
        yield ""
        yield from _spending(application["spending"], found["currency"])
        yield ""
        yield from _clauses(application["clauses"])
    if len(found["applications"]) > 1:
        yield "Applications that open the same accounts add up: to the guesses, and to the chance."
        yield ""
    yield from _spending([found["over_all"]], found["currency"])
    yield ""
    yield f"Profile: {', '.join(found['profile']) or 'none'}"


def _guessing(one: Figures) -> Iterator[str]:
    yield "Guessing one number's code, at most, for who knows the number and the purpose:"
    yield from _item(
        f"A PIN has {one['pin_digits']} digits and lives {_span(one['life_seconds'])}. Up to "
        f"{one['live_pins']} of one verification are good at the same time."
    )
    yield from _item(
        f"A verification takes {one['attempts']} guesses and lives up to "
        f"{_span(one['longest_life_seconds'])}; {_figure(one['open_at_once'])} of one account may "
        "be open at once, and none is ever closed for guesses at another."
    )
    waits = ", ".join(map(_span, one["guess_waits_seconds"]))
    yield from _item(
        f"After {one['guess_limit']} wrong guesses in {_span(one['guess_window_seconds'])} new "
        f"starts wait {waits}; after more than {_figure(one['before_starts_close'])}, for the rest "
        "of that time."
    )
    rows = [("", "guesses a day", "chance a day", "guesses a year", "chance a year")]
    for line in one["by_owner_addresses"]:
        day, year = line["day"], line["year"]
        rows.append(
            (
                _guesser(line["owner_addresses"]),
                _figure(day["wrong_guesses"]),
                _chance(day["chance"]),
                _figure(year["wrong_guesses"]),
                _chance(year["chance"]),
            )
        )
    yield from _table(rows)


def _fixed_pins(lines: Sequence[Figures]) -> Iterator[str]:
    if not lines:
        return
    rows = [("Test numbers' fixed PINs", "days left", "guesses until then", "chance until then")]
    rows += (
        (
            line["name"],
            f"{line['days_left']:.1f}",
            _figure(line["wrong_guesses"]),
            _chance(line["chance"]),
        )
        for line in lines
    )
    yield ""
    yield from _table(rows)


def _guesser(owners: int) -> str:
    if not owners:
        return "a stranger"
    return f"sharing {owners} owner address{'es' if owners > 1 else ''}"


def _spending(lines: Sequence[Figures], currency: str) -> Iterator[str]:
    rows = [("At most in any 24 hours", "messages", "held by", currency, "held by")]
    rows += (
        (
            _SCOPES[line["scope"]],
            _figure(line["messages_a_day"]),
            line["messages_bound_by"] or "",
            _NO_LIMIT if line["money_a_day"] is None else f"{line['money_a_day']:.2f}",
            line["money_bound_by"] or "",
        )
        for line in lines
    )
    yield from _table(rows)


def _clauses(lines: Sequence[Figures]) -> Iterator[str]:
    for standard in Profile:
        own = [line for line in lines if line["standard"] == standard]
        head = ("section", "setting", "value", "verdict")
        rows = [
            (line["clause"], line["setting"] or "by design", line["value"] or "", line["verdict"])
            for line in own
        ]
        yield f"{standard.edition}, as {standard}:"
        table = list(_table([head, *rows]))
        yield table[0]
        for row, line in zip(table[1:], own, strict=True):
            yield row
            yield from wrap(
                line["why"], initial_indent=_INDENT, subsequent_indent=_INDENT, width=100
            )
        yield ""


def _item(text: str) -> Iterator[str]:
    yield from wrap(text, initial_indent="- ", subsequent_indent="  ", width=100)


def _figure(figure: int | None) -> str:
    return _NO_LIMIT if figure is None else str(figure)


def _chance(chance: float) -> str:
    if not chance:
        return "none"
    return f"{100 * chance:.4g} % (1 in {1 / chance:.0f})"


def _span(seconds: float) -> str:
    for length, name in _SECONDS:
        if seconds >= length and seconds % length == 0:
            count = int(seconds // length)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{seconds:.0f} s"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield ("  " + "  ".join(cells)).rstrip()

"""The picture of the report: what a request costs, as bars, written as SVG by hand.

A drawing library would be the benchmark's largest dependency for one row of rectangles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LEFT, _RIGHT = 900, 290, 90
_TOP, _ROW, _BAR = 64, 30, 18
_COLOURS = {"server": "#3b6fb6", "Redis": "#d1603d"}
_FONT = 'font-family="system-ui, sans-serif"'


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: CPU milliseconds of a request, of the server and of Redis.

    Args:
        note: what stands behind the bar.
    """

    name: str
    server_ms: float
    redis_ms: float
    note: str = ""


def draw(title: str, bars: Sequence[Bar]) -> str:
    """Give the SVG; all bars on one scale that begins at 0."""
    longest = max(bar.server_ms + bar.redis_ms for bar in bars)
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    height = _TOP + _ROW * len(bars) + 12
    rows = (_row(bar, _TOP + at * _ROW, scale) for at, bar in enumerate(bars))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'role="img" {_FONT} font-size="13">'
    )
    return "\n".join(
        [
            head,
            f"<title>{escape(title)}</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="12" y="24" font-size="15" font-weight="600">{escape(title)}</text>',
            *_legend(),
            *rows,
            "</svg>\n",
        ]
    )


def _legend() -> list[str]:
    parts, x = [], _LEFT
    for name, colour in _COLOURS.items():
        parts.append(f'<rect x="{x}" y="38" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="49">{name}</text>')
        x += 90
    return parts


def _row(bar: Bar, y: int, scale: float) -> str:
    server, store = bar.server_ms * scale, bar.redis_ms * scale
    middle = y + _BAR - 4
    return "\n".join(
        [
            f'<text x="{_LEFT - 10}" y="{middle}" text-anchor="end">{escape(bar.name)}</text>',
            _box(_LEFT, y, server, _COLOURS["server"]),
            _box(_LEFT + server, y, store, _COLOURS["Redis"]),
            f'<text x="{_LEFT + server + store + 8:.1f}" y="{middle}">{escape(bar.note)}</text>',
        ]
    )


def _box(x: float, y: int, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>'

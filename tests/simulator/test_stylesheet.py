"""Every text of the page can be read, by day and by night."""

import re
from pathlib import Path

import pytest

from otp_service import simulator

STYLESHEET = Path(simulator.__file__).with_name("static") / "phone.css"
# WCAG 2.2, success criteria 1.4.3 (text) and 1.4.11 (what is no text but must be told apart).
TEXT, SHAPE = 4.5, 3.0
PAIRS = [
    ("ink", "page", TEXT),
    ("ink", "panel", TEXT),
    ("ink", "bubble", TEXT),
    ("ink", "own", TEXT),
    ("quiet", "page", TEXT),
    ("quiet", "panel", TEXT),
    ("quiet", "bubble", TEXT),
    ("quiet", "chat", TEXT),
    ("quiet", "accent-soft", TEXT),
    ("own-quiet", "own", TEXT),
    ("accent-strong", "bubble", TEXT),
    ("accent-strong", "accent-soft", TEXT),
    ("accent-strong", "panel", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent-quiet", "accent", TEXT),
    ("on-sms", "sms", TEXT),
    ("error", "panel", TEXT),
    ("error", "bubble", TEXT),
    ("edge", "page", SHAPE),
    ("edge", "panel", SHAPE),
]


def colours(scheme):
    css = STYLESHEET.read_text(encoding="utf-8")
    by_day = re.search(r"^:root \{(.*?)^\}", css, re.DOTALL | re.MULTILINE)[1]
    by_night = re.search(r"prefers-color-scheme: dark\) \{(.*?)^\}", css, re.DOTALL | re.MULTILINE)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", by_day))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", by_night[1]))
    return found


def luminance(colour):
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_colours_are_told_apart(scheme, front, back, least):
    palette = colours(scheme)

    darker, lighter = sorted(luminance(palette[name]) for name in (front, back))

    assert (lighter + 0.05) / (darker + 0.05) >= least


def test_motion_is_only_for_those_who_do_not_mind_it():
    css = STYLESHEET.read_text(encoding="utf-8")

    calm = re.sub(
        r"@media \(prefers-reduced-motion: no-preference\) \{.*?^\}",
        "",
        css,
        flags=re.DOTALL | re.MULTILINE,
    )

    assert "animation" in css
    assert not re.search(r"animation|transition|@keyframes", calm)

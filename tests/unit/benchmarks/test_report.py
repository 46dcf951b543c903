"""The report says what was measured, and what was not."""

import xml.etree.ElementTree as ET

from benchmarks.picture import Bar, draw

_SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_on_one_scale() -> None:
    bars = [Bar("floor", 1.0, 1.0, "2 ms"), Bar("service <all>", 3.0, 1.0, "4 ms")]

    root = ET.fromstring(draw("What it costs", bars))  # noqa: S314 - our own

    boxes = [float(box.get("width", "")) for box in root.iter(f"{_SVG}rect")][3:]
    assert boxes == [boxes[0], boxes[0], 3 * boxes[0], boxes[0]]
    assert "service <all>" in [text.text for text in root.iter(f"{_SVG}text")]

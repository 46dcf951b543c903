"""The report says what was measured, and what was not."""

import xml.etree.ElementTree as ET
from typing import Any

from benchmarks import capacity, cells
from benchmarks.cells import Cell
from benchmarks.picture import Bar, draw
from benchmarks.report import render

_SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_on_one_scale() -> None:
    bars = [Bar("floor", 1.0, 1.0, "2 ms"), Bar("service <all>", 3.0, 1.0, "4 ms")]

    root = ET.fromstring(draw("What it costs", bars))  # noqa: S314 - our own

    boxes = [float(box.get("width", "")) for box in root.iter(f"{_SVG}rect")][3:]
    assert boxes == [boxes[0], boxes[0], 3 * boxes[0], boxes[0]]
    assert "service <all>" in [text.text for text in root.iter(f"{_SVG}text")]


def test_every_target_and_cell_has_a_row(whole: dict[str, Any]) -> None:
    text = render(whole)

    assert text.count("| met |") + text.count("| **not met** |") == 21
    assert "not run" not in text
    for cell in (*cells.LOADS, *cells.GROWTH):
        assert f"| {cell.part}: " in text


def test_cell_that_was_not_run_says_why(whole: dict[str, Any]) -> None:
    name = Cell(cells.SERVICE, "right").name
    whole["cells"][name] = {"runs": [], "not_run": "7 wrong answers", "is_wrong": True}

    text = render(whole)

    assert "could not be run: service: right: 7 wrong answers" in text
    assert text.count("| not run |") == 1


def test_capacity_is_written_from_the_same_results(whole: dict[str, Any]) -> None:
    text = capacity.render(whole)

    assert "100 million a day" in text
    assert "{" not in text

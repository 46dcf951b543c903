"""docs/failures.md: every promise names the tests that prove it, and they are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "failures.md"
_COLUMNS = 5
_NAMED = re.compile(r"`(?P<path>tests/[\w/]+\.py)::(?P<test>test_\w+)`")


def _rows() -> Iterator[list[str]]:
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        is_head = cells[0] == "failure" or not cells[0].strip("- ")
        if line.startswith("|") and not is_head:
            yield cells


ROWS = list(_rows())


def test_document_has_rows() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize("cells", ROWS, ids=[f"row{at}" for at in range(len(ROWS))])
def test_row_is_whole_and_names_tests_that_exist(cells: list[str]) -> None:
    assert len(cells) == _COLUMNS
    assert all(cells)
    named = [match.groups() for match in _NAMED.finditer(cells[-1])]
    assert named
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), (path, test)


def test_no_failure_stands_twice() -> None:
    failures = [cells[0] for cells in ROWS]
    assert len(failures) == len(set(failures))

"""That these tests have their browser, or say that they do not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from support.deployments import Demo
from support.processes import ROOT
from support.redis_servers import wait_until


def test_page_of_the_simulated_phone_is_shown(page: Page, demo: Demo) -> None:
    page.goto(demo.caller.simulator)

    assert page.title() == "Viber simulator"


@pytest.mark.parametrize(
    ("environ", "code", "line"),
    [
        pytest.param({}, 0, "browser tests left out: no Chromium on PATH", id="left out"),
        pytest.param({"REQUIRE_BROWSER": "1"}, 1, "there is no Chromium on PATH", id="fails"),
    ],
)
def test_machine_without_a_browser_is_told_so(
    tmp_path: Path, environ: dict[str, str], code: int, line: str
) -> None:
    test = f"{Path(__file__)}::{test_page_of_the_simulated_phone_is_shown.__name__}"
    clean = {name: value for name, value in os.environ.items() if name != "REQUIRE_BROWSER"}

    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test],
        cwd=ROOT,
        env={**clean, "PATH": str(tmp_path), **environ},
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == code
    assert line in finished.stdout
    assert finished.stderr == ""


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        pytest.param("console.error('no')", "error on the console: no", id="complains"),
        pytest.param("setTimeout(() => { throw Error('no') })", "thrown: no", id="throws"),
        pytest.param(
            "open('http://h.invalid')", "asked another host: http://h.invalid/", id="asks"
        ),
    ],
)
def test_page_that_misbehaves_is_noticed(
    page: Page, demo: Demo, watched: Any, script: str, complaint: str
) -> None:
    page.goto(demo.caller.simulator)

    page.evaluate(f"() => {{ {script} }}")
    wait_until(lambda: page.evaluate("1") and watched.complaints, what="it is noticed")

    assert complaint in watched.complaints
    watched.complaints.clear()

"""What holds for the whole house, and that nothing of it is left behind when it is packed."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.processes import ROOT

PACKAGE = ROOT / "otp_service"
LUA = sorted((PACKAGE / "redis_store" / "lua").glob("*.lua"))
SHARED = {"guard", "message", "number_log", "owners", "record", "window_counter"}
OPERATIONS = [path for path in LUA if path.stem not in SHARED]
MODULES = sorted(PACKAGE.rglob("*.py"))

_MOST_LINES = 400


def by_name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def header_of(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    return lines[: next(at for at, line in enumerate(lines) if not line.startswith("--"))]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in the package as it is built."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = directory.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_there_are_scripts_and_modules_to_look_at() -> None:
    assert {path.stem for path in OPERATIONS} >= {"cancel", "resend", "start", "verify"}
    assert len(MODULES) > len(OPERATIONS)


@pytest.mark.parametrize("path", OPERATIONS, ids=by_name)
def test_script_says_what_it_takes_and_gives_and_why(path: Path) -> None:
    header = header_of(path)

    assert re.match(r"-- [A-Z].*[.;]", header[0])
    labels = [label for line in header for label in re.findall(r"^-- ([a-zA-Z]+)", line)[:1]]
    assert list(dict.fromkeys(labels[1:])) == ["needs", "KEYS", "ARGV", "returns", "why"]


@pytest.mark.parametrize("path", OPERATIONS, ids=by_name)
def test_script_names_every_key_and_argument_it_takes(path: Path) -> None:
    header = header_of(path)
    body = "\n".join(path.read_text().splitlines()[len(header) :])

    documented = set(re.findall(r"(?:KEYS|ARGV)\[\d+", "\n".join(header)))
    assert set(re.findall(r"(?:KEYS|ARGV)\[\d+", body)) <= documented


@pytest.mark.parametrize("path", [p for p in LUA if p.stem in SHARED], ids=by_name)
def test_shared_script_says_that_it_is(path: Path) -> None:
    assert header_of(path)[0].startswith("-- Shared")


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_module_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= _MOST_LINES


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_module_hides_nothing_from_the_checks(path: Path) -> None:
    assert not re.search(r"pragma: no cover|TODO|FIXME", path.read_text())


def test_changes_are_written_down_for_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert version
    assert f"\n## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()


def test_wheel_holds_everything_of_the_package(wheel: set[str]) -> None:
    files = (path for path in PACKAGE.rglob("*") if path.is_file())
    own = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}

    assert own - wheel == set()


@pytest.mark.parametrize("kind", ["css", "html", "js", "json", "lua", "svg"])
def test_wheel_holds_data_of_each_kind(wheel: set[str], kind: str) -> None:
    assert [name for name in wheel if name.endswith(f".{kind}")]


def test_wheel_holds_nothing_else(wheel: set[str]) -> None:
    strangers = (name for name in wheel if not name.startswith("otp_service/"))

    assert [name for name in strangers if ".dist-info/" not in name] == []

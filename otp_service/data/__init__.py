"""Facts as data files, each with its source."""

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> dict[str, Any]:
    """Read one of this package's JSON files, such as ``templates.json``."""
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content

"""The types of file that a message can carry."""

from otp_service import data

_GROUPS = ("documents", "pdf", "spreadsheets")
_LISTED = data.load("file_types.json")

FILE_TYPES: tuple[str, ...] = tuple(name for group in _GROUPS for name in _LISTED[group])
"""Lowercase, without a dot, in the page's order."""


def read_file_type(text: str) -> str | None:
    """Read a type in either case, with or without its leading dot; None if it is not listed."""
    name = text.removeprefix(".").lower()
    return name if name in FILE_TYPES else None

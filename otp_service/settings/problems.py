"""What is wrong with the settings, by name and without their values."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to set right.

    Args:
        name: the environment variable, such as ``OTP_REDIS_URL``, or the path in the TOML file,
            such as ``applications.shop.api_keys_sha256``.
        detail: what is wrong, in words; never a value, for it may be a secret.
    """

    name: str
    detail: str

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"


class SettingsError(Exception):
    """The settings do not hold together; ``problems`` names everything at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))

"""Answers that no script gives are no answers."""

from collections.abc import Sequence
from typing import Any

import pytest
from support.verifications import SilentJournal

from otp_service.domain.events import StoreAnswered
from otp_service.errors import StoreUnavailable
from otp_service.redis_store.connection import Command
from otp_service.redis_store.operations import Operations

NO_ANSWERS = {"nothing": None, "a word": b"OK", "a number": 1, "an empty list": []}


class SayingConnection:
    """Gives every command the same answer."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def execute(self, *command: str | int | bytes) -> Any:
        return self._answer

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        return [self._answer] * len(commands)

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        raise AssertionError("asked")

    def find(self, pattern: str) -> list[bytes]:
        raise AssertionError("asked")


@pytest.fixture
def journal() -> SilentJournal:
    return SilentJournal()


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_no_script_answers_is_no_answer(answer: object, journal: SilentJournal) -> None:
    operations = Operations(SayingConnection(answer), journal, scripts=["read"])

    with pytest.raises(StoreUnavailable):
        operations.run("read", ["key"], ["application"])
    with pytest.raises(StoreUnavailable):
        operations.run_together("read", ("read", ["key"], ["application"]))

    events = [event for event in journal.events if isinstance(event, StoreAnswered)]
    assert [event.reason for event in events] == ["InvalidResponse"] * 2


def test_what_a_script_answers_is_given_as_it_is(journal: SilentJournal) -> None:
    answer = [b"missing"]
    operations = Operations(SayingConnection(answer), journal, scripts=["read"])

    assert operations.run("read", ["key"], ["application"]) is answer
    assert operations.run_together("read", ("read", ["key"], [])) == [answer]

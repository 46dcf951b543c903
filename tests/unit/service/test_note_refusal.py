"""What is refused beyond the number's own rules is written into its timeline, and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from support.fakes import AWAY
from support.verifications import SHOP

from otp_service.domain.call import Call
from otp_service.errors import (
    DestinationNotAllowed,
    OtpError,
    PhoneUnreachable,
    ProviderFailed,
    StoreUnavailable,
    TooManyRequests,
)
from otp_service.service.note_refusal import note_refusal

CALL = Call(SHOP, "web", "aB-_aB-_aB-_")
WAIT = timedelta(minutes=20)


class FakeTimeline:
    def __init__(self, failure: Exception | None = None) -> None:
        self.notes: list[tuple[str, Call, str, timedelta]] = []
        self._failure = failure

    def note_refusal(
        self, number_tag: str, call: Call, *, reason: str, retry_after: timedelta
    ) -> None:
        if self._failure:
            raise self._failure
        self.notes.append((number_tag, call, reason, retry_after))


def too_many(budget: str) -> OtpError:
    return TooManyRequests("Later.", retry_after=WAIT, budget=budget)


def test_budget_beyond_the_number_is_written_down_with_its_wait() -> None:
    timeline = FakeTimeline()

    note_refusal(timeline, "tag", CALL, too_many("address_starts_per_hour"))

    assert timeline.notes == [("tag", CALL, "address_starts_per_hour", WAIT)]


def test_destination_that_is_not_allowed_is_written_down() -> None:
    timeline = FakeTimeline()

    note_refusal(timeline, "tag", CALL, DestinationNotAllowed("No.", reason="denied_prefix"))

    assert timeline.notes == [("tag", CALL, "denied_prefix", timedelta(0))]


@pytest.mark.parametrize(
    "refusal",
    [
        lambda: too_many("number_starts_per_hour"),
        lambda: too_many("test_number_starts_per_day"),
        lambda: too_many("number_wrong_guesses"),
        lambda: PhoneUnreachable("No."),
        lambda: ProviderFailed("No."),
        lambda: AWAY,
    ],
    ids=[
        "own budget",
        "test number's budget",
        "own guesses",
        "unreachable",
        "provider failed",
        "store away",
    ],
)
def test_what_the_number_s_own_slot_decided_is_not_written_twice(
    refusal: Callable[[], OtpError],
) -> None:
    timeline = FakeTimeline()

    note_refusal(timeline, "tag", CALL, refusal())

    assert timeline.notes == []


def test_timeline_that_cannot_be_written_changes_nothing() -> None:
    failure = StoreUnavailable("Away.", retry_after=timedelta(seconds=1))

    note_refusal(FakeTimeline(failure), "tag", CALL, too_many("country_sends_per_day"))

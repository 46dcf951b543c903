"""What a start with an Idempotency-Key that broke off and is gone on with leaves charged."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisGone
from support.gated import SMS_AND_VIBER, GatedDesk, row
from support.kinds import CLUSTER, Kind
from support.store_view import StoreView, WatchedConnection
from support.verifications import ONCE

from otp_service.domain.budget_row import Counted, Scope
from otp_service.errors import OtpError
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from otp_service.redis_store import Connection
from otp_service.redis_store.exchange import Command


class RecordsAway:
    """A connection that loses the record's slot while it is told to."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_away = True
        self.is_answer_lost = False

    def execute(self, *command: Any) -> Any:
        is_record = self.is_away and ":v:" in str(command)
        if is_record and not self.is_answer_lost:
            raise RedisGone("away")
        answer = self.connection.execute(*command)
        if is_record:
            raise RedisGone("away")
        return answer

    def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        return self.connection.execute_many(commands)

    def execute_on_all(self, *command: str) -> dict[str, Any]:
        return self.connection.execute_on_all(*command)


ROWS = [row(scope, counted, 10**9) for scope in (Scope.ALL, Scope.COUNTRY) for counted in Counted]


def totals(view: StoreView) -> dict[str, set[int]]:
    """Give what the counters count, by what they count and their window."""
    found: dict[str, set[int]] = {}
    for key, value in view.hashes().items():
        if key.startswith((b"otp1:{all}:", b"otp1:{a:")):
            found.setdefault(key.decode().split(":")[-1], set()).add(int(value[b"t"]))
    return found


class ProcessKilled(BaseException):
    """Stands for an end that no handler of errors sees."""


def code_of(desk: GatedDesk) -> str:
    try:
        desk.start(idempotency=ONCE)
    except OtpError as failure:
        return failure.code
    return ""


def make(kind: Kind, line: RecordsAway, verdict: SendVerdict = SendVerdict.ACCEPTED) -> GatedDesk:
    return GatedDesk(
        line,  # type: ignore[arg-type]
        *ROWS,
        is_cluster=kind.name == CLUSTER,
        verdict=verdict,
        prices=SMS_AND_VIBER,
    )


def test_failing_provider_gives_back_what_a_continued_start_was_charged(
    kind: Kind, watched: WatchedConnection, view: StoreView
) -> None:
    line = RecordsAway(watched)
    desk = make(kind, line, SendVerdict.FAILED)

    assert code_of(desk) == "store_unavailable"
    assert totals(view) == {}
    line.is_away = False
    assert [code_of(desk) for _ in range(3)] == ["provider_failed"] * 3

    assert totals(view) == {"c3600": {3 * 400_000}}


def test_start_whose_answer_was_lost_is_charged_its_one_message_when_continued(
    kind: Kind, watched: WatchedConnection, view: StoreView
) -> None:
    line = RecordsAway(watched)
    line.is_answer_lost = True
    desk = make(kind, line)

    assert code_of(desk) == "store_unavailable"
    assert totals(view) == {}
    line.is_away = False
    assert code_of(desk) == ""

    left = totals(view)
    assert (left["m3600"], left["c3600"]) == ({1}, {400_000})


def test_start_that_used_up_a_budget_is_gone_on_with_all_the_same(
    kind: Kind, watched: WatchedConnection, view: StoreView, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = GatedDesk(watched, row(Scope.ALL, Counted.STARTS, 1), is_cluster=kind.name == CLUSTER)

    def kill(_: OutgoingMessage) -> SendReport:
        raise ProcessKilled

    with monkeypatch.context() as broken:
        broken.setattr(desk.sender, "send", kill)
        with pytest.raises(ProcessKilled):
            code_of(desk)
    view.advance(timedelta(seconds=30))

    assert code_of(desk) == ""
    assert len(desk.sender.sent) == 1
    assert desk.tried() == "all_starts"
    assert totals(view) == {"s3600": {1}}

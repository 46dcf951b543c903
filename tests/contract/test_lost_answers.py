"""The store's answer is lost, or the store is: nothing is asked twice, nothing hangs."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout
from support.fakes import dispatcher, fixed_pins, open_gate
from support.lines import Lines, cluster_lines, sentinel_line, single_line
from support.parallel import side_by_side
from support.redis_servers import HOST, RedisServer, wait_until
from support.tcp_proxy import Mode, TcpProxy
from support.verifications import (
    IDS,
    KEYS,
    NO_LIMITS,
    NUMBER_HASHES,
    ONCE,
    OPERATIONS,
    PHONE,
    PIN,
    PREFIXES,
    REQUEST_ID,
    SEALER,
    SHOP,
    WRONG_PIN,
    Desk,
    Operation,
    SilentJournal,
    shop,
)

from otp_service.domain.call import Call
from otp_service.domain.events import StoreAnswered
from otp_service.domain.idempotency import Idempotency
from otp_service.domain.verification import Channel, Verification
from otp_service.errors import StoreUnavailable
from otp_service.ports import OutgoingMessage, SendReport, SendVerdict
from otp_service.redis_store import RedisClaims, RedisStore, Timeouts, connect, read_address
from otp_service.service.start import StartCommand, StartVerification

AT_ONCE = timedelta(seconds=1)
QUICK = Timeouts(connect=timedelta(milliseconds=200), read=timedelta(milliseconds=200))
MAKERS = {"single": single_line, "sentinel": sentinel_line, "cluster": cluster_lines}


@pytest.fixture(scope="module", params=MAKERS.values(), ids=MAKERS.keys())
def all_lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    with request.param() as made:
        yield made


@pytest.fixture
def lines(all_lines: Lines) -> Iterator[Lines]:
    all_lines.switch(Mode.PASS)
    all_lines.view.flush()
    yield all_lines
    all_lines.switch(Mode.REFUSE)


@pytest.fixture
def journal() -> SilentJournal:
    return SilentJournal()


@pytest.fixture
def desk(lines: Lines, journal: SilentJournal) -> Desk:
    """A desk whose store has been in use: its connections stand, its scripts are known."""
    made = new_desk(lines, journal)
    works_again(made)
    for operation in OPERATIONS.values():
        operation(made, made.start())
    lines.view.flush()
    journal.events.clear()
    return made


@pytest.fixture(params=OPERATIONS.values(), ids=OPERATIONS.keys())
def operation(request: pytest.FixtureRequest) -> Operation:
    return request.param


def new_desk(lines: Lines, journal: SilentJournal | None = None) -> Desk:
    connection = connect(read_address(lines.url), timeouts=QUICK)
    store = RedisStore(connection, journal or SilentJournal())
    return Desk(store, shop(budgets=NO_LIMITS, resend_cooldown=timedelta(0)))


def works_again(desk: Desk) -> Verification:
    """Give a verification as soon as the store takes one; a sentinel looks about once a second."""
    started: list[Verification] = []

    def starts() -> bool:
        try:
            started.append(desk.start())
        except StoreUnavailable:
            return False
        return True

    wait_until(starts, what="the store works again", within=timedelta(seconds=10))
    return started[0]


def test_lost_answer_is_unavailable_and_nothing_is_sent_twice(
    desk: Desk, lines: Lines, operation: Operation
) -> None:
    at = desk.start()
    lines.switch(Mode.DROP_ONE)

    with pytest.raises(StoreUnavailable):
        operation(desk, at)

    assert lines.sent("EVALSHA") == 1
    assert lines.sent("EVAL") == 0


def test_guess_whose_answer_was_lost_is_counted_once(desk: Desk, lines: Lines) -> None:
    started = desk.start()
    lines.switch(Mode.DROP_ONE)

    with pytest.raises(StoreUnavailable):
        desk.guess(started.id, WRONG_PIN)

    (record,) = lines.view.hashes().values()
    (log,) = lines.view.logs().values()
    assert record[b"k"] == b"4"
    assert [member[:1] for member in log].count(b"g") == 1


def test_proof_whose_answer_was_lost_is_used_up(desk: Desk, lines: Lines) -> None:
    started = desk.start()
    desk.guess(started.id, PIN)
    lines.switch(Mode.DROP_ONE)

    with pytest.raises(StoreUnavailable):
        desk.prove(started.id, consume=True)

    lines.switch(Mode.PASS)
    works_again(desk)
    assert desk.prove(started.id) is None


def test_answer_that_a_script_is_unknown_runs_nothing_when_it_is_lost(
    desk: Desk, lines: Lines
) -> None:
    started = desk.start()
    before = lines.view.dump()
    lines.view.forget_scripts()
    lines.switch(Mode.DROP_REPLIES)

    with pytest.raises(StoreUnavailable):
        desk.guess(started.id, WRONG_PIN)

    assert lines.view.dump() == before


def test_operation_sends_one_command_and_nothing_else(
    desk: Desk, lines: Lines, operation: Operation
) -> None:
    at = desk.start()
    lines.switch(Mode.PASS)

    operation(desk, at)

    # A sentinel asks how its master does, over lines of its own.
    requests = [spoken for spoken in lines.requests() if b"EVALSHA" in spoken]
    assert len(requests) == 1
    assert after_one_command(requests[0]) == b""


def test_failure_is_told_to_the_journal_without_its_text(
    desk: Desk, lines: Lines, journal: SilentJournal
) -> None:
    started = desk.start()
    journal.events.clear()
    lines.switch(Mode.DROP_REPLIES)

    with pytest.raises(StoreUnavailable) as failure:
        desk.guess(started.id, WRONG_PIN)

    (event,) = journal.events
    assert isinstance(event, StoreAnswered)
    assert (event.operation, event.outcome) == ("verify", "unavailable")
    assert event.reason is not None
    assert event.reason.endswith(("Error", "Exception"))
    assert failure.value.retry_after == timedelta(seconds=1)
    assert started.id.random not in repr(event) + str(failure.value)


def after_one_command(sent: bytes) -> bytes:
    """Give what follows the first command: an array of texts, each with its length."""
    head, rest = sent.split(b"\r\n", 1)
    for _ in range(int(head.removeprefix(b"*"))):
        length, rest = rest.split(b"\r\n", 1)
        rest = rest[int(length.removeprefix(b"$")) + len(b"\r\n") :]
    return rest


class CountingSender:
    channel = Channel.VIBER

    def __init__(self) -> None:
        self.sent = 0

    def send(self, message: OutgoingMessage) -> SendReport:
        self.sent += 1
        return SendReport(SendVerdict.ACCEPTED, "code_0", REQUEST_ID)


@pytest.mark.parametrize("idempotency", [None, ONCE], ids=["no key", "a key"])
@pytest.mark.parametrize("mode", [Mode.DROP_REPLIES, Mode.REFUSE], ids=str)
def test_nothing_is_sent_when_a_start_cannot_be_stored(
    desk: Desk, lines: Lines, mode: Mode, idempotency: Idempotency | None
) -> None:
    sender, journal = CountingSender(), SilentJournal()
    connection = connect(read_address(lines.url), timeouts=QUICK)
    start = StartVerification(
        ids=IDS,
        prefixes=PREFIXES,
        number_hashes=NUMBER_HASHES,
        keys=KEYS,
        sealer=SEALER,
        store=desk.store,
        gate=open_gate(),
        claims=RedisClaims(connection, journal, IDS),
        dispatcher=dispatcher(desk.store, journal, sender),
        fixed_pins=fixed_pins(journal),
        journal=journal,
    )
    lines.switch(mode)

    with pytest.raises(StoreUnavailable):
        start(Call(SHOP, idempotency=idempotency), StartCommand(phone=PHONE))

    assert sender.sent == 0


def test_store_that_refuses_connections_is_unavailable_at_once(
    desk: Desk, lines: Lines, operation: Operation
) -> None:
    at = desk.start()
    lines.switch(Mode.REFUSE)
    began = time.monotonic()

    with pytest.raises(StoreUnavailable):
        operation(desk, at)

    assert time.monotonic() - began < AT_ONCE.total_seconds()


def test_store_that_falls_silent_is_unavailable_within_its_timeouts(
    desk: Desk, lines: Lines
) -> None:
    started = desk.start()
    lines.switch(Mode.SILENT)
    began = time.monotonic()

    with pytest.raises(StoreUnavailable):
        desk.guess(started.id, PIN)

    assert time.monotonic() - began < 2 * AT_ONCE.total_seconds()


@pytest.mark.parametrize("use", ["in use", "first use"])
def test_callers_of_a_silent_store_do_not_wait_for_each_other(
    desk: Desk, lines: Lines, use: str
) -> None:
    started = desk.start()
    asked = new_desk(lines) if use == "first use" else desk
    lines.switch(Mode.SILENT)

    waited = side_by_side([lambda: seconds_until_unavailable(asked, started)] * 16)

    assert max(waited) < 2 * AT_ONCE.total_seconds()


def seconds_until_unavailable(desk: Desk, started: Verification) -> float:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        desk.guess(started.id, PIN)
    return time.monotonic() - began


def test_several_commands_wait_once_for_each_silent_server(desk: Desk, lines: Lines) -> None:
    connection = connect(read_address(lines.url), timeouts=Timeouts(AT_ONCE, AT_ONCE))
    keys = [f"otp1:{at}" for at in range(30)]
    connection.execute_many([("SET", key, "1", "EX", 60) for key in keys])
    lines.proxies[0].switch(Mode.SILENT)
    began = time.monotonic()

    try:
        answers = connection.execute_many([("GET", key) for key in keys])
    except RedisTimeout:
        answers = []

    assert time.monotonic() - began < 2 * AT_ONCE.total_seconds()
    if len(lines.proxies) > 1:
        assert answers.count(b"1") > 0
        assert len([answer for answer in answers if isinstance(answer, RedisTimeout)]) > 1


@pytest.mark.parametrize("mode", [Mode.REFUSE, Mode.DROP_REPLIES, Mode.SILENT], ids=str)
def test_same_store_works_again_after_its_servers_came_back(
    desk: Desk, lines: Lines, mode: Mode
) -> None:
    started = desk.start()
    lines.switch(mode)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            desk.read(started.id)
    lines.switch(Mode.REFUSE)
    lines.switch(Mode.PASS)

    works_again(desk)

    assert desk.read(started.id).id == started.id


def test_store_whose_servers_were_away_at_first_use_works_later(lines: Lines) -> None:
    desk = new_desk(lines)
    lines.switch(Mode.REFUSE)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            desk.try_start()
    lines.switch(Mode.PASS)

    assert works_again(desk).attempts_left == 5


def test_master_that_is_one_no_more_is_left_for_the_one_that_its_name_leads_to() -> None:
    with RedisServer() as first, RedisServer() as second, TcpProxy(first.port) as name:
        connection = connect(read_address(f"redis://{HOST}:{name.port}"), timeouts=QUICK)
        desk = Desk(RedisStore(connection, SilentJournal()))
        desk.start()
        first.client.execute_command("REPLICAOF", HOST, second.port)
        name.server_port = second.port

        # The line that stands leads to the old one.
        with pytest.raises(StoreUnavailable):
            desk.try_start()
        assert isinstance(desk.try_start(), Verification)


@pytest.mark.parametrize(
    "spoiled", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b":1\r\n"], ids=["web", "number"]
)
def test_line_that_spoke_something_else_is_not_used_again(lines: Lines, spoiled: bytes) -> None:
    connection = connect(read_address(lines.url), timeouts=Timeouts(AT_ONCE, AT_ONCE))
    connection.execute("HSET", "otp1:{a}", "field", "1")
    for proxy in lines.proxies:
        proxy.spoiled = spoiled
    lines.switch(Mode.SPOIL_REPLIES)

    with pytest.raises(RedisError):
        connection.execute("HGETALL", "otp1:{a}")
    # Not by a switch, which cuts the lines.
    for proxy in lines.proxies:
        proxy.mode = Mode.PASS
    # A sentinel was spoken to like that too.
    wait_until(lambda: _answers(lines), what="a way to the server")

    assert connection.execute("HGETALL", "otp1:{a}") == {b"field": b"1"}


def _answers(lines: Lines) -> bool:
    with suppress(RedisError):
        return bool(connect(read_address(lines.url)).execute("EXISTS", "otp1:{a}"))
    return False


def test_server_that_was_ended_and_started_again_is_found_again() -> None:
    with RedisServer() as server:
        connection = connect(read_address(server.url), timeouts=QUICK)
        desk = Desk(RedisStore(connection, SilentJournal()))
        desk.start()
        server.stop()
        with pytest.raises(StoreUnavailable):
            desk.try_start()
        server.start()

        assert isinstance(desk.try_start(), Verification)

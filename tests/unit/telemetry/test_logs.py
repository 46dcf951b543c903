import logging
import re
import threading
from io import StringIO

import pytest

from otp_service.telemetry.logs import (
    bind_request_id,
    configure_logs,
    event_logger,
)


@pytest.fixture
def log(stream):
    configure_logs("debug", stream=stream)
    return event_logger()


def test_line_says_when_what_and_how_grave(log, lines):
    log.info("start_judged", application="shop")

    (line,) = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {"level": "info", "event": "start_judged", "application": "shop"}


def test_line_begins_with_what_every_line_has(log, lines):
    bind_request_id("request-1")

    log.info("start_judged", application="shop")

    assert list(lines()[0]) == ["timestamp", "level", "event", "request_id", "application"]


def test_request_id_is_of_its_own_thread_alone(log, lines):
    bind_request_id("request-1")
    other = threading.Thread(target=log.info, args=("elsewhere",))

    other.start()
    other.join()
    log.info("here")

    elsewhere, here = lines()
    assert "request_id" not in elsewhere
    assert here["request_id"] == "request-1"


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_nothing_below_the_level_is_written(stream, lines, level):
    configure_logs(level, stream=stream)
    names = ["debug", "info", "warning", "error"]

    for name in names:
        getattr(event_logger(), name)("ours")
        getattr(logging.getLogger("library"), name)("theirs")

    written = [line["level"] for line in lines()]
    assert written == [name for name in names[names.index(level) :] for _ in range(2)]


@pytest.mark.parametrize(
    "text",
    [
        'x"}\n{"level":"info","event":"forged"}',
        "\r\n",
        "\x00\x1b[31m\x7f",
        "\u2028\u2029\x85",
        "\ud800",
    ],
    ids=["newline", "crlf", "controls", "separators", "surrogate"],
)
def test_no_value_can_forge_or_break_a_line(log, stream, lines, text):
    bind_request_id(text)

    log.info("ours", detail=text)
    logging.getLogger("library").warning("theirs %s", text)

    ours, theirs = lines()
    assert (ours["detail"], ours["request_id"]) == (text, text)
    assert theirs["event"] == f"theirs {text}"
    assert stream.getvalue().isascii()
    assert len(stream.getvalue().splitlines()) == 2


def test_message_of_a_library_is_a_line_of_ours(log, lines):
    bind_request_id("request-1")

    logging.getLogger("library").warning("served %d", 7)

    (line,) = lines()
    del line["timestamp"]
    assert line == {
        "level": "warning",
        "event": "served 7",
        "logger": "library",
        "request_id": "request-1",
    }


@pytest.mark.parametrize("name", ["redis", "redis.cluster", "urllib3.connectionpool"])
def test_what_clients_send_is_not_repeated_even_at_debug(name: str) -> None:
    output = StringIO()
    configure_logs("debug", stream=output)

    logging.getLogger(name).debug("sent EVALSHA otp1:{tag}:v:random")

    assert output.getvalue() == ""


@pytest.mark.parametrize("name", ["_granian", "granian.access", "werkzeug", "urllib3"])
def test_library_with_a_handler_of_its_own_writes_through_ours_alone(stream, lines, name, capsys):
    logging.getLogger(name).addHandler(logging.StreamHandler())
    logging.getLogger(name).propagate = False

    configure_logs("info", stream=stream)
    logging.getLogger(name).warning("served")

    assert [line["event"] for line in lines()] == ["served"]
    assert capsys.readouterr().err == ""


def test_number_and_token_in_a_message_of_a_library_are_cut(log, lines):
    logging.getLogger("werkzeug").info("%s %s", "+380671234567", "Bearer otp_demo")

    assert lines()[0]["event"] == "[cut] Bearer [cut]"


def test_number_in_an_exception_of_a_library_is_cut(log, stream, lines):
    try:
        raise ValueError("no such number: +380671234567")
    except ValueError:
        logging.getLogger("library").exception("failed")

    assert "ValueError: no such number: [cut]" in lines()[0]["exception"]
    assert "380671234567" not in stream.getvalue()


def test_secret_told_at_the_start_is_cut_from_every_line(stream):
    configure_logs("info", secrets=["callback-secret"], stream=stream)

    event_logger().info("ours", detail="callback-secret")
    logging.getLogger("library").warning("/callbacks/nxcloud/%s", "callback-secret")

    assert "callback-secret" not in stream.getvalue()
    assert stream.getvalue().count("[cut]") == 2


def test_lines_go_to_standard_output_by_default(stream, capsys):
    configure_logs("info")

    event_logger().info("ours")

    assert '"event":"ours"' in capsys.readouterr().out

"""What is measured once or call by call: memory, round trips, start-up."""

import re
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from benchmarks import proc
from benchmarks.ballast import multiply, own_keys
from benchmarks.numbers import address_of, number_of
from benchmarks.parts import Part, serve_command
from benchmarks.prepare import Preparing, wrong
from benchmarks.processes import HOST, ROOT, free_port, python, running
from benchmarks.redis_server import RedisServer
from benchmarks.service import CALLBACK_SECRET, KEY, environ_of

_CALLS = 15
_TIMES = 5
_COPIES = 10
# What a call leaves to other threads has reached Redis by then.
_SETTLED_SECONDS = 0.02
_TIMEOUT_SECONDS = 30
# Kinds of keys, told by what follows the tag.
_KINDS = {
    "record": re.compile(rb"\}:v:"),
    "number's charges": re.compile(rb"\}:n:"),
    "message": re.compile(rb"^otp1:m:"),
    "audit": re.compile(rb"\}:t$"),
    "address": re.compile(rb"^otp1:\{i:shop:"),
}


def memory(
    directory: Path, redis: RedisServer, preparing: Preparing, *, genuine: int
) -> dict[str, float]:
    """Give the bytes of a live verification, and what of them is whose.

    Args:
        genuine: how many are made; they are then copied to ten times as many.

    Returns:
        ``verification`` (all but audit and the user's address, by what Redis holds in all),
        ``genuine`` (the same before they were copied), ``live`` (how many), and for each kind of
        key what ``MEMORY USAGE`` says, on average.
    """
    redis.client.flushall()
    environ = environ_of(
        directory,
        port=free_port(),
        redis_port=redis.port,
        provider_port=free_port(),
        guards=True,
        OTP_AUDIT_RETENTION_DAYS="0",
    )
    empty = redis.used_bytes()
    preparing(environ, genuine, with_address=False)
    made = redis.used_bytes()
    multiply(redis.client, _COPIES)
    copied = redis.used_bytes()
    kinds = _by_kind(redis)
    redis.client.flushall()
    preparing({**environ, "OTP_AUDIT_RETENTION_DAYS": "7"}, genuine)
    kinds |= {name: size for name, size in _by_kind(redis).items() if name not in kinds}
    redis.client.flushall()
    return {
        "live": genuine * _COPIES,
        "verification": (copied - empty) / (genuine * _COPIES),
        "genuine": (made - empty) / genuine,
        **{f"of it: {name}": size for name, size in kinds.items()},
    }


def round_trips(part: Part) -> dict[str, float]:
    """Give how often each call asks Redis, the service having been asked before.

    Args:
        part: a service without a cooldown before a resend.
    """
    part.redis.client.flushall()
    caller = _Caller(part)
    caller.warm_up()
    calls: dict[str, list[int]] = {}
    for at in range(_CALLS):
        caller.walk(number_of(at), address_of(at), calls)
    return {name: statistics.median(trips) for name, trips in calls.items()}


class _Caller:
    def __init__(self, part: Part) -> None:
        self._part = part
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {KEY}"

    def warm_up(self) -> None:
        """Let every worker open its connections and load its scripts."""
        for at in range(10 * _CALLS):
            # A connection of its own each, so that every worker gets some.
            with requests.Session() as session:
                session.headers.update(self._session.headers)
                self._start(number_of(10_000 + at), address_of(at), session)

    def walk(self, number: str, address: str, calls: dict[str, list[int]]) -> None:
        """Run one verification from its start to its end, each call counted."""

        def counted(name: str, call: Callable[[], Any]) -> Any:
            before = self._part.redis.counts()
            answer = call()
            time.sleep(_SETTLED_SECONDS)
            calls.setdefault(name, []).append(self._part.redis.counts().since(before).round_trips)
            return answer

        vid = counted("start", lambda: self._start(number, address, self._session))
        status = self._session.get(self._url(f"/otp/verifications/{vid}"), timeout=_TIMEOUT_SECONDS)
        status.raise_for_status()
        counted("resend", lambda: self._post("/otp/resend", 200, verification_id=vid))
        code = self._pin(number)
        guess = {"verification_id": vid, "code": wrong(code)}
        counted("verify, wrong code", lambda: self._post("/otp/verify", 400, **guess))
        guess["code"] = code
        counted("verify, right code", lambda: self._post("/otp/verify", 200, **guess))
        message = next(self._part.redis.client.scan_iter(match="otp1:m:*", count=1000))
        receipt = {"status": "delivered", "requestId": message.decode().rpartition(":")[2]}
        path = f"/callbacks/nxcloud/{CALLBACK_SECRET}/receipt"
        counted("receipt", lambda: self._post(path, 200, **receipt))

    def _start(self, number: str, address: str, session: requests.Session) -> str:
        body = {"phone": number, "client_ip": address}
        answer = session.post(self._url("/otp/start"), json=body, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["verification_id"])

    def _post(self, path: str, expected: int, **body: str) -> None:
        answer = self._session.post(self._url(path), json=body, timeout=_TIMEOUT_SECONDS)
        if answer.status_code != expected:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:200]}")

    def _pin(self, number: str) -> str:
        url = f"http://{HOST}:{self._part.provider_port}/pins/{number.removeprefix('+')}"
        return requests.get(url, timeout=_TIMEOUT_SECONDS).text

    def _url(self, path: str) -> str:
        return f"http://{HOST}:{self._part.port}{path}"


def start_up(
    directory: Path, redis: RedisServer, provider_port: int, *, times: int = _TIMES
) -> dict[str, float]:
    """Give the median seconds from ``serve`` to its first answer, and of ``--help``.

    Returns:
        ``serve`` and ``help``; ``serve_cpu`` is what ``serve`` and its workers used until then,
        seconds, which says more where others want the cores too.
    """
    serve, serve_cpu, help_ = [], [], []
    for _ in range(times):
        port = free_port()
        environ = environ_of(
            directory, port=port, redis_port=redis.port, provider_port=provider_port, guards=True
        )
        began = time.monotonic()
        log = directory / f"start-up-{port}.log"
        with running(serve_command(), port, log=log, environ=environ) as pid:
            requests.get(f"http://{HOST}:{port}/healthz", timeout=_TIMEOUT_SECONDS)
            serve.append(time.monotonic() - began)
            serve_cpu.append(proc.cpu_seconds(pid))
        began = time.monotonic()
        command = python("otp_service.cli", "--help")
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        help_.append(time.monotonic() - began)
    return {
        "serve": statistics.median(serve),
        "serve_cpu": statistics.median(serve_cpu),
        "help": statistics.median(help_),
    }


def _by_kind(redis: RedisServer) -> dict[str, float]:
    """Give the average size of each kind of key, of a thousand of it at most."""
    sizes: dict[str, list[int]] = {}
    sample = own_keys(redis.client)
    for key in sample:
        kind = next((name for name, form in _KINDS.items() if form.search(key)), None)
        if kind and len(sizes.setdefault(kind, [])) < 1000:
            sizes[kind].append(redis.client.memory_usage(key))
    return {kind: statistics.mean(found) for kind, found in sizes.items()}

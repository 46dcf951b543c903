"""A simulator with a clock that stands still, and somebody who sends to it as the account does."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from otp_service.simulator.app import create_simulator

NOW = datetime(2026, 11, 23, 8, 0, 0, 250_000, tzinfo=UTC)
NOW_MS = 1_795_420_800_250


class ByHand:
    """A schedule whose time passes when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def after(self, seconds: float, action: Callable[[], None]) -> bool:
        self._waiting.append((self.now + seconds, action))
        return True

    def advance(self, seconds: float = 0.0) -> None:
        end = self.now + seconds
        while due := [each for each in self._waiting if each[0] <= end]:
            first = min(due, key=lambda each: each[0])
            self._waiting.remove(first)
            self.now = first[0]
            first[1]()
        self.now = end


class Receiver:
    """What is called back, as it came; it answers as it is told, at last 200 for ever."""

    def __init__(self) -> None:
        self.answers: list[int | Exception] = []
        self.posted: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, kind: str, body: bytes) -> int:
        self.posted.append((kind, json.loads(body)))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    def receipts(self) -> list[str]:
        return [body["status"] for kind, body in self.posted if kind == "receipt"]


@dataclass(kw_only=True)
class Sender:
    """Signs as the provider's page says, with no help from the code under test."""

    client: FlaskClient

    def signed_headers(self, body: bytes, **changed: str) -> dict[str, str]:
        headers = {
            "accessKey": "sim_access",
            "ts": str(NOW_MS),
            "bizType": "7",
            "action": "mt",
            "Content-Type": "application/json",
            **changed,
        }
        part = b"&body=" + body if body else b""
        signed = (
            f"accessKey={headers['accessKey']}&action={headers['action']}"
            f"&bizType={headers['bizType']}&ts={headers['ts']}"
        ).encode() + part
        signed += b"&accessSecret=sim_secret"
        headers["sign"] = hashlib.md5(signed).hexdigest()  # noqa: S324 - the provider's choice
        return headers

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> TestResponse:
        if headers is None:
            headers = self.signed_headers(body)
        return self.client.post("/api/viber/mt", data=body, headers=headers)

    def send(self, data: object, **changed: Any) -> TestResponse:
        content = {
            "appkey": "sim_app",
            "phone": "380671234567",
            "functionType": "text",
            "messageData": data,
            **changed,
        }
        return self.post(json.dumps(content).encode())

    def sms(self, content: object = "Your code is 989724.", **changed: Any) -> TestResponse:
        body = {"appKey": "sim_app", "phone": "380671234567", "content": content, **changed}
        return self.post_sms(json.dumps(body).encode())

    def post_sms(self, body: bytes, headers: dict[str, str] | None = None) -> TestResponse:
        if headers is None:
            headers = self.signed_headers(body, bizType="3", action="mtsend")
        return self.client.post("/api/sms/mtsend_v2", data=body, headers=headers)

    def text(self, text: str = "Your code is 989724.", **changed: Any) -> TestResponse:
        return self.send({"rateType": "Transactional", "text": text}, **changed)

    def documented(
        self, template: str, language: str = "uk", *, phone: str = "380671234567", **values: Any
    ) -> TestResponse:
        data = {
            "rateType": "OtpTemplate",
            "temolateId": template,
            "temolateParams": json.dumps(values),
            "temolateLang": language,
        }
        return self.send(data, phone=phone)

    def inbox(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.client.get("/simulator/messages").json["messages"]
        return messages


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def schedule() -> ByHand:
    return ByHand()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def simulator(
    clock: Callable[[], datetime], waited: list[float], schedule: ByHand, receiver: Receiver
) -> Flask:
    return create_simulator(clock=clock, wait=waited.append, schedule=schedule, post=receiver)


@pytest.fixture
def client(simulator: Flask) -> FlaskClient:
    return simulator.test_client()


@pytest.fixture
def sender(client: FlaskClient) -> Sender:
    return Sender(client=client)

"""The service's HTTP API as its caller meets it, answering what a test wants."""

from dataclasses import dataclass, field
from typing import Any

from flask import Response, jsonify, request

API_KEY = "key-of-these-tests"
ID = "A1b2C3d4E5f6G7h8I9j0K1L2M3n4O5p6Q7r8"
E164 = "+380671234567"
STARTED = {
    "verification_id": ID,
    "status": "pending",
    "channel": "viber",
    "delivery": "accepted",
    "attempts_left": 5,
    "sends_left": 2,
    "resend_in": 30,
}
SEEN = {**STARTED, "deliveries": [{}]}
STATUS = f"/otp/verifications/{ID}"


@dataclass
class ScriptedService:
    """Notes what it was asked, and answers by path: a status and a body."""

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(
        default_factory=lambda: {
            "/otp/start": (201, STARTED),
            "/otp/resend": (200, STARTED),
            "/otp/verify": (200, {"phone": E164}),
            "/otp/cancel": (200, {}),
            STATUS: (200, SEEN),
        }
    )
    calls: list[tuple[str, Any]] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)

    def refuse(self, path: str, code: str, status: int = 400, **more: Any) -> None:
        self.answers[path] = (status, {"code": code, **more})

    def seen(self, **changes: Any) -> None:
        self.answers[STATUS] = (200, SEEN | changes)

    def given(self, path: str) -> list[Any]:
        return [body for asked, body in self.calls if asked == path]

    def answer(self, path: str) -> tuple[Response, int]:
        self.calls.append((f"/{path}", request.get_json(silent=True)))
        self.keys.add(request.headers.get("Authorization"))
        status, body = self.answers[f"/{path}"]
        return jsonify(body), status

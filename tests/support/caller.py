"""A caller of the service, and the phone beside it."""

import re
from dataclasses import dataclass, field
from typing import Any

import requests

NUMBER = "+380671234567"


@dataclass
class Caller:
    service: str
    simulator: str
    api_key: str = "otp_demo"
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, key: str = "", /, **body: Any) -> requests.Response:
        """Post a body, with an Idempotency-Key if one is given."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        if key:
            headers["Idempotency-Key"] = key
        return self.session.post(self.service + path, json=body, headers=headers, timeout=30)

    def get(self, path: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.api_key}"}
        return self.session.get(self.service + path, headers=headers, timeout=30)

    def start(self, phone: str = NUMBER, **body: Any) -> requests.Response:
        return self.post("/otp/start", phone=phone, **body)

    def started(self, phone: str = NUMBER, **body: Any) -> dict[str, Any]:
        response = self.start(phone, **body)
        assert response.status_code == 201, response.text
        started: dict[str, Any] = response.json()
        return started

    def verify(self, verification_id: str, code: str, **body: Any) -> requests.Response:
        return self.post("/otp/verify", verification_id=verification_id, code=code, **body)

    def messages(self, phone: str = NUMBER) -> list[dict[str, Any]]:
        answer = self.session.get(
            f"{self.simulator}/simulator/messages", params={"phone": phone}, timeout=30
        )
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages

    def code_on_phone(self, phone: str = NUMBER) -> str:
        found = re.search(r"\b\d{4,10}\b", self.messages(phone)[-1]["text"])
        assert found
        return found[0]

    def wrong_code(self, phone: str = NUMBER) -> str:
        return f"{(int(self.code_on_phone(phone)) + 1) % 10**6:06d}"

    def fault(self, **fault: Any) -> None:
        url = f"{self.simulator}/simulator/faults"
        self.session.put(url, json=fault, timeout=30).raise_for_status()

"""The service's HTTP API, as a customer's back end calls it."""

from dataclasses import dataclass
from typing import Any, Self

import requests

# Within a start or a resend the service itself waits for its provider: up to three exchanges.
_CONNECT_TIMEOUT_SECONDS = 2
_READ_TIMEOUT_SECONDS = 35


class Refused(Exception):
    """The service did not do what was asked.

    Args:
        code: of the service's closed list; None if it was not reached or said something else.
        status: the HTTP status to pass on.
        attempts_left: with ``code_incorrect``, guesses left.
        retry_after: seconds to wait, where waiting helps.
    """

    def __init__(
        self,
        code: str | None,
        *,
        status: int = 502,
        attempts_left: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code or "the service was not reached")
        self.code = code
        self.status = status
        self.attempts_left = attempts_left
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Verification:
    """A pending or ended check of one number.

    Args:
        id: to be kept from everybody but the browser that started it.
        status: ``pending``, ``undelivered``, or how it ended.
        channel: of the last message.
        is_unsure: the provider did not say whether it took the last message.
        messages: sent so far.
        resend_in: seconds until another message may be asked for.
    """

    id: str
    status: str
    channel: str
    is_unsure: bool
    messages: int
    attempts_left: int
    sends_left: int
    resend_in: int

    @property
    def is_open(self) -> bool:
        """True while the right code is still taken."""
        return self.status in {"pending", "undelivered"}

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Read what the service tells of a verification."""
        return cls(
            id=body["verification_id"],
            status=body["status"],
            channel=body["channel"],
            is_unsure=body["delivery"] == "unknown",
            messages=len(body.get("deliveries", "1")),
            attempts_left=body["attempts_left"],
            sends_left=body["sends_left"],
            resend_in=body["resend_in"],
        )


class OtpClient:
    """The few calls a signup takes. Each raises ``Refused`` if it did not succeed.

    Args:
        url: of the service, without a slash at its end.
        api_key: stays in this process.
    """

    def __init__(self, url: str, *, api_key: str) -> None:
        self._url = url
        self._session = requests.Session()
        # A proxy or a password file of the environment is not for this service.
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {api_key}"

    def start(
        self, phone: str, *, country: str, locales: list[str], client_ip: str | None
    ) -> Verification:
        """Send a first code to a number as a person writes it."""
        given = {"country": country, "locale": locales, "client_ip": client_ip}
        body = {"phone": phone, **{name: value for name, value in given.items() if value}}
        return Verification.of(self._call("POST", "/otp/start", body))

    def resend(self, verification_id: str, *, channel: str | None) -> None:
        """Send one more code, by a channel of the user's choice if there is one."""
        body = {"verification_id": verification_id}
        self._call("POST", "/otp/resend", body | ({"channel": channel} if channel else {}))

    def verify(self, verification_id: str, code: str) -> str:
        """Check what the user typed and give the number that is now known, in E.164."""
        body = {"verification_id": verification_id, "code": code}
        phone: str = self._call("POST", "/otp/verify", body)["phone"]
        return phone

    def cancel(self, verification_id: str) -> None:
        """Call a verification off, so that its codes are worth nothing."""
        self._call("POST", "/otp/cancel", {"verification_id": verification_id})

    def status(self, verification_id: str) -> Verification:
        """Tell where a verification stands."""
        return Verification.of(self._call("GET", f"/otp/verifications/{verification_id}"))

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._session.request(
                method,
                self._url + path,
                json=body,
                timeout=(_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS),
                allow_redirects=False,
            )
            told = answer.json()
        except requests.RequestException as error:
            raise Refused(None) from error
        if not isinstance(told, dict):
            raise Refused(None)
        if not answer.ok:
            raise Refused(
                told.get("code"),
                status=answer.status_code,
                attempts_left=told.get("attempts_left"),
                retry_after=told.get("retry_after"),
            )
        return told

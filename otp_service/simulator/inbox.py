"""The messages the simulated phones have received, in memory and bounded."""

import secrets
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from otp_service.simulator.submission import Submission


@dataclass(frozen=True, kw_only=True, repr=False)
class Message:
    """One message on one phone.

    Args:
        id: The ``requestId`` the sender was given.
        sequence: Its place among all messages, growing.
        received_at: UTC.
    """

    id: str
    sequence: int
    received_at: datetime
    content: Submission
    channel: str = "viber"

    def as_json(self) -> dict[str, str | int | None]:
        """Give the message as the simulator's own API shows it."""
        return {
            "id": self.id,
            "phone": self.content.phone,
            "channel": self.channel,
            "function_type": self.content.function_type,
            "template_id": self.content.template_id,
            "language": self.content.language,
            "text": self.content.text,
            "received_at": rfc3339(self.received_at),
        }


class Inbox:
    """Every phone's messages, oldest first; safe to share between threads.

    What goes beyond a bound pushes out the oldest: beyond a phone's bound its own oldest message,
    beyond the others the phone that has been silent for longest, or that phone's oldest message.
    """

    def __init__(
        self,
        *,
        messages_per_phone: int = 1_000,
        phones: int = 10_000,
        messages: int = 100_000,
    ) -> None:
        self._messages_per_phone = messages_per_phone
        self._max_phones = phones
        self._max_messages = messages
        self._lock = threading.Lock()
        # The phone that heard last comes last.
        self._by_phone: dict[str, deque[Message]] = {}
        self._total = 0
        self._sequence = count(1)
        self._run = secrets.token_hex(4)
        self._changes = 0

    @property
    def version(self) -> str:
        """A token that is another one after every change, and after a restart."""
        return f"{self._run}-{self._changes}"

    def deliver(self, content: Submission, *, at: datetime) -> Message:
        """Put a message on its phone.

        Args:
            at: When the provider took it.
        """
        with self._lock:
            message = Message(
                # 32 hex digits, as the provider's request ids are.
                id=secrets.token_hex(16),
                sequence=next(self._sequence),
                received_at=at,
                content=content,
            )
            received = self._by_phone.pop(content.phone, None) or deque()
            received.append(message)
            self._by_phone[content.phone] = received
            self._total += 1
            self._changes += 1
            if len(received) > self._messages_per_phone:
                received.popleft()
                self._total -= 1
            self._drop_oldest()
        return message

    def messages(self, phone: str | None = None) -> list[Message]:
        """Give one phone's messages, or all phones', oldest first."""
        with self._lock:
            if phone is not None:
                return list(self._by_phone.get(phone, ()))
            everything = [message for received in self._by_phone.values() for message in received]
        return sorted(everything, key=lambda message: message.sequence)

    def latest(self) -> list[Message]:
        """Give every phone's newest message, newest first."""
        with self._lock:
            return [received[-1] for received in reversed(self._by_phone.values())]

    def clear(self, phone: str | None = None) -> None:
        """Forget one phone's messages, or all."""
        with self._lock:
            if phone is None:
                self._by_phone.clear()
                self._total = 0
            else:
                self._total -= len(self._by_phone.pop(phone, ()))
            self._changes += 1

    def _drop_oldest(self) -> None:
        while len(self._by_phone) > self._max_phones:
            self._total -= len(self._by_phone.pop(next(iter(self._by_phone))))
        while self._total > self._max_messages:
            silent = next(iter(self._by_phone))
            self._by_phone[silent].popleft()
            self._total -= 1
            if not self._by_phone[silent]:
                del self._by_phone[silent]


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC to the millisecond, as RFC 3339 has it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

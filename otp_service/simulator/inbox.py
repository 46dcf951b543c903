"""The chats of the simulated phones, in memory and bounded."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import count

from otp_service.simulator.chat import STATES, Channel, Entry, Message, Reply, State, utc_now
from otp_service.simulator.field import is_text
from otp_service.simulator.submission import Submission

MAX_REPLY_CHARACTERS = 7_000
MAX_FILE_NAME_CHARACTERS = 255


class InvalidReply(Exception):
    """Nobody could have sent this from a phone.

    Args:
        field: The property that is wrong, or None where it is the whole.
    """

    def __init__(self, detail: str, field: str | None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class Inbox:
    """Every phone's chat, oldest first; safe to share between threads.

    What goes beyond a bound pushes out the oldest: beyond a phone's bound its own oldest message or
    reply, beyond the others the phone that has been silent for longest, or that phone's oldest.

    Args:
        messages_per_phone: Replies count, here and in ``messages``.
        clock: When a reply was typed, aware.
    """

    def __init__(
        self,
        *,
        messages_per_phone: int = 1_000,
        phones: int = 10_000,
        messages: int = 100_000,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._messages_per_phone = messages_per_phone
        self._max_phones = phones
        self._max_messages = messages
        self._clock = clock
        self._changed = threading.Condition()
        # The phone that heard last comes last; of each the entries by id, the oldest first.
        self._chats: dict[str, dict[str, Entry]] = {}
        self._phone_of: dict[str, str] = {}
        self._sequence = count(1)
        self._run = secrets.token_hex(4)
        self._changes = 0
        self._listeners: list[Callable[[Entry], None]] = []

    @property
    def version(self) -> str:
        """A token that is another one after every change, and after a restart."""
        return f"{self._run}-{self._changes}"

    def wait_for_change(self, version: str, timeout_seconds: float) -> str:
        """Give the version as soon as it is another than this one, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != version, timeout_seconds)
            return self.version

    def listen(self, listener: Callable[[Entry], None]) -> None:
        """Call this with each message its reader saw, and with each reply that was typed."""
        self._listeners.append(listener)

    def deliver(
        self,
        content: Submission,
        *,
        at: datetime,
        billed_as: str,
        channel: Channel = "viber",
    ) -> Message:
        """Put a message on its phone.

        Args:
            at: When the provider took it.
        """
        with self._changed:
            message = Message(
                # 32 hex digits, as the provider's request ids are.
                id=secrets.token_hex(16),
                sequence=next(self._sequence),
                received_at=at,
                content=content,
                billed_as=billed_as,
                channel=channel,
            )
            self._add(message)
        return message

    def add_reply(
        self, phone: str, text: str | None = None, *, file_name: str | None = None
    ) -> Reply:
        """Put on a phone what its owner types: a text, or the name of a file.

        Raises:
            InvalidReply: When it is neither or both, too long, or the phone has no Viber message
                that it could answer.
        """
        _check_reply(text, file_name)
        with self._changed:
            answered = self._last_viber(phone)
            if answered is None:
                raise InvalidReply("this phone has no Viber message to answer", "phone")
            reply = Reply(
                id=secrets.token_hex(16),
                sequence=next(self._sequence),
                received_at=self._clock(),
                phone=phone,
                answers=answered.id,
                text=text,
                file_name=file_name,
            )
            self._add(reply)
        self._tell(reply)
        return reply

    def update(self, message_id: str, state: State) -> Message | None:
        """Let a message come this far; what came further stays there.

        Returns:
            The message as it is now; None when the phone no longer has it.
        """
        with self._changed:
            message = self._find(message_id)
            return None if message is None else self._set_state(message, state)

    def mark_seen(self, phone: str) -> list[str]:
        """Let the reader see what was delivered to a phone over Viber.

        Returns:
            The ids of the messages nobody had seen before.
        """
        with self._changed:
            seen = [
                self._set_state(entry, "seen")
                for entry in self._chats.get(phone, {}).values()
                if isinstance(entry, Message)
                and entry.state == "delivered"
                and entry.channel == "viber"
            ]
        for message in seen:
            self._tell(message)
        return [message.id for message in seen]

    def find(self, message_id: str) -> Message | None:
        """Give a message by its id, or None when no phone has it any more."""
        with self._changed:
            return self._find(message_id)

    def chat(self, phone: str) -> list[Entry]:
        """Give one phone's messages and replies, oldest first."""
        with self._changed:
            return list(self._chats.get(phone, {}).values())

    def messages(self, phone: str | None = None) -> list[Message]:
        """Give one phone's messages, or all phones', oldest first."""
        with self._changed:
            chats = self._chats.values() if phone is None else [self._chats.get(phone, {})]
            found = [one for chat in chats for one in chat.values() if isinstance(one, Message)]
        return sorted(found, key=lambda message: message.sequence)

    def latest(self) -> list[Entry]:
        """Give every phone's newest message or reply, newest first."""
        with self._changed:
            return [next(reversed(chat.values())) for chat in reversed(self._chats.values())]

    def clear(self, phone: str | None = None) -> None:
        """Forget one phone's chat, or all."""
        with self._changed:
            for each in list(self._chats) if phone is None else [phone]:
                self._forget(each)
            self._change()

    def _add(self, entry: Entry) -> None:
        chat = self._chats.pop(entry.phone, {})
        chat[entry.id] = entry
        self._chats[entry.phone] = chat
        self._phone_of[entry.id] = entry.phone
        if len(chat) > self._messages_per_phone:
            self._drop_oldest_of(entry.phone)
        while len(self._chats) > self._max_phones:
            self._forget(next(iter(self._chats)))
        while len(self._phone_of) > self._max_messages:
            self._drop_oldest_of(next(iter(self._chats)))
        self._change()

    def _find(self, message_id: str) -> Message | None:
        found = self._chats.get(self._phone_of.get(message_id, ""), {}).get(message_id)
        return found if isinstance(found, Message) else None

    def _last_viber(self, phone: str) -> Message | None:
        for entry in reversed(self._chats.get(phone, {}).values()):
            if isinstance(entry, Message) and entry.channel == "viber":
                return entry
        return None

    def _set_state(self, message: Message, state: State) -> Message:
        if STATES.index(state) <= STATES.index(message.state):
            return message
        changed = replace(message, state=state)
        self._chats[message.phone][message.id] = changed
        self._change()
        return changed

    def _change(self) -> None:
        self._changes += 1
        self._changed.notify_all()

    def _forget(self, phone: str) -> None:
        for each in self._chats.pop(phone, {}):
            del self._phone_of[each]

    def _drop_oldest_of(self, phone: str) -> None:
        chat = self._chats[phone]
        oldest = next(iter(chat))
        del chat[oldest], self._phone_of[oldest]
        if not chat:
            del self._chats[phone]

    def _tell(self, entry: Entry) -> None:
        for listener in self._listeners:
            listener(entry)


def _check_reply(text: str | None, file_name: str | None) -> None:
    if (text is None) == (file_name is None):
        raise InvalidReply("give either a text or a file_name", "text")
    if text is not None and not (is_text(text) and len(text) <= MAX_REPLY_CHARACTERS):
        raise InvalidReply(f"must be text of 1 to {MAX_REPLY_CHARACTERS} characters", "text")
    if file_name is not None and not (
        is_text(file_name) and len(file_name) <= MAX_FILE_NAME_CHARACTERS
    ):
        raise InvalidReply(
            f"must be text of 1 to {MAX_FILE_NAME_CHARACTERS} characters", "file_name"
        )

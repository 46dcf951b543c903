"""Take down that the owner of a phone answered."""

from otp_service.domain.events import ReplyReceived
from otp_service.domain.receipt import Reply
from otp_service.ports import Journal
from otp_service.session_ports import SessionStore


class HearReply:
    """The use case."""

    def __init__(self, *, sessions: SessionStore, journal: Journal) -> None:
        self._sessions = sessions
        self._journal = journal

    def __call__(self, reply: Reply) -> None:
        """Return once it is noted; what was said is not kept.

        Raises:
            StoreUnavailable: it may not be noted; the provider should send it again.
        """
        self._sessions.note_reply(reply.phone)
        self._journal.record(ReplyReceived(outcome="noted"))

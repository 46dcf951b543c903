"""Take down that the owner of a phone answered."""

from collections.abc import Callable

from otp_service.domain.events import ReplyReceived
from otp_service.domain.receipt import Reply
from otp_service.ports import Journal


class HearReply:
    """The use case.

    Args:
        note: keeps that a number, in E.164, wrote to us.
    """

    def __init__(self, *, note: Callable[[str], None], journal: Journal) -> None:
        self._note = note
        self._journal = journal

    def __call__(self, reply: Reply) -> None:
        """Return once it is noted; what was said is not kept.

        Raises:
            StoreUnavailable: it may not be noted; the provider should send it again.
        """
        self._note(reply.phone)
        self._journal.record(ReplyReceived(outcome="noted"))

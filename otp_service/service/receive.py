"""Take down what a provider tells of a message, and fall back where it did not arrive."""

from collections.abc import Mapping

from otp_service.domain.application import Application
from otp_service.domain.events import FallBackJudged
from otp_service.domain.identity import IdScheme
from otp_service.domain.receipt import Receipt
from otp_service.domain.verification import FAILURES
from otp_service.errors import ServiceBusy
from otp_service.ports import Journal, ReceiptStore
from otp_service.service.dispatch import Dispatcher
from otp_service.service.receipt_notes import note_receipt


class ReceiveReceipt:
    """The use case.

    Args:
        applications: by their ids.
    """

    def __init__(
        self,
        *,
        ids: IdScheme,
        applications: Mapping[str, Application],
        store: ReceiptStore,
        dispatcher: Dispatcher,
        journal: Journal,
    ) -> None:
        self._ids = ids
        self._applications = applications
        self._store = store
        self._dispatcher = dispatcher
        self._journal = journal

    def __call__(self, receipt: Receipt) -> None:
        """Return once it is written down, and any message that stands in has been sent.

        A receipt that comes again finds the same answer: what was not stored the first time is
        tried once more; what was stored is not sent again, even if its sending was lost.

        Raises:
            StoreUnavailable: it may not be written down; the provider should send it again.
            ServiceBusy: it is written down, but the message that stands in cannot go now; likewise.
        """
        news = self._store.receive(receipt)
        note_receipt(self._journal, news, request_id=receipt.request_id)
        message = news.message
        application = self._applications.get(message.application_id) if message else None
        if message is None or application is None or news.state not in FAILURES:
            return
        wanted = application.channel_after(message.channel)
        if wanted is None:
            return
        try:
            with self._dispatcher.room_for((wanted,)):
                self._dispatcher.fall_back(
                    application,
                    self._ids.join(message.random, message.number_tag),
                    channel=message.channel,
                    failed_send=message.send,
                    is_number_refused=news.is_number_refused,
                )
        except ServiceBusy as busy:
            self._journal.record(FallBackJudged(application.id, wanted, busy.code, "receipt"))
            raise

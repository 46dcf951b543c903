"""What the journal is told of a receipt."""

from otp_service.domain.events import MessageBilled, ReceiptReceived
from otp_service.ports import Journal, ReceiptNews


def note_receipt(journal: Journal, news: ReceiptNews, *, request_id: str) -> None:
    """Note a receipt that has just come in, and what its message cost if that is to be counted."""
    outcome = "unknown" if news.message is None else "news" if news.is_move else "old"
    _note(journal, news, outcome, request_id)


def note_early(journal: Journal, news: ReceiptNews, *, request_id: str) -> None:
    """Note a receipt that was here before we knew whose message it speaks of."""
    _note(journal, news, "early", request_id)


def _note(journal: Journal, news: ReceiptNews, outcome: str, request_id: str) -> None:
    message = news.message
    journal.record(
        ReceiptReceived(
            state=news.state,
            outcome=outcome,
            application=message.application_id if message else None,
            channel=message.channel if message else None,
            country=message.country if message else None,
            provider_request_id=request_id,
        )
    )
    if message and news.cost:
        journal.record(
            MessageBilled(
                application=message.application_id,
                channel=message.channel,
                country=message.country,
                currency=news.cost.currency,
                amount=news.cost.amount,
                rate_type=news.cost.rate_type,
            )
        )

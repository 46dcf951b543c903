"""One message under the provider's id of it, in our terms and in its hash (``lua/message.lua``)."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from otp_service.domain.receipt import Cost, Receipt, SentMessage
from otp_service.domain.verification import Delivery, DeliveryState, Verification
from otp_service.ports import ReceiptNews
from otp_service.redis_store.operations import Answer
from otp_service.redis_store.record import CHANNELS, channel_letters, moment
from otp_service.redis_store.scripts import Argument

KEPT = timedelta(hours=48)
"""How long a receipt may be late and still be found, and how long it is shown."""

_STATES = {
    "a": DeliveryState.ACCEPTED,
    "d": DeliveryState.DELIVERED,
    "v": DeliveryState.SEEN,
    "f": DeliveryState.FAILED,
    "x": DeliveryState.EXPIRED,
}
# An id's 36 characters in base 64; written out, with what parts them, they are more.
_PLACE_BYTES = 27
_RANDOM_CHARS = 22
_LONG_LINK = 37
_LETTERS = {state: letter for letter, state in _STATES.items()}


def receipt_arguments(receipt: Receipt) -> list[Argument]:
    """Give what ``receive.lua`` takes, all but how long it is kept."""
    refused = int(receipt.is_number_refused)
    return [_LETTERS[receipt.state], refused, _cost_text(receipt.cost)]


def link_arguments(
    verification: Verification, *, for_previous_release: bool = False
) -> list[Argument]:
    """Give what ``link.lua`` takes for the last message, all but how long it is kept."""
    vid, last = verification.id, verification.last_delivery
    place: Argument = f"{vid.random} {vid.number_tag} {last.send}"
    if not for_previous_release:
        place = base64.urlsafe_b64decode(vid.random + vid.number_tag) + b"%d" % last.send
    return [
        place,
        verification.application_id,
        channel_letters([last.channel]) + verification.country,
    ]


def read_news(answer: Answer) -> ReceiptNews | None:
    """Read what either script says of a message; None while the provider told nothing."""
    moved = answer[1] == 1
    link = bytes(answer[4])
    texts = (bytes(text).decode() for at, text in enumerate(answer) if at not in {1, 4})
    state, refused, cost, application, where = texts
    if not state:
        return None
    return ReceiptNews(
        state=_STATES[state],
        is_move=moved,
        is_number_refused=refused == "1",
        cost=_cost(cost) if cost else None,
        message=_sent_message(link, application, where) if link else None,
    )


def with_receipt(delivery: Delivery, fields: Mapping[bytes, bytes]) -> Delivery:
    """Give a message as far as its receipts say that it came.

    Args:
        fields: the hash; empty where there is none.
    """
    if b"s" not in fields:
        return delivery
    return replace(delivery, state=_STATES[fields[b"s"].decode()], reached=moments_told(fields))


def moments_told(fields: Mapping[bytes, bytes]) -> dict[DeliveryState, datetime]:
    """Give when the provider told of each state of a message."""
    return {
        state: moment(int(fields[name]))
        for letter, state in _STATES.items()
        if (name := f"t{letter}".encode()) in fields
    }


def is_about(link: bytes | None, number_tag: str) -> bool:
    """Tell whether the link of a message or a claim leads to this number."""
    return link is not None and _place_in(link)[1] == number_tag


def _cost_text(cost: Cost | None) -> str:
    return f"{cost.currency} {cost.amount} {cost.rate_type}" if cost else ""


def _cost(text: str) -> Cost:
    currency, amount, rate_type = text.split(" ", 2)
    return Cost(currency, Decimal(amount), rate_type)


def _place_in(link: bytes) -> tuple[str, str, str]:
    """Read a link: random part and number's tag of an id, and what else there is.

    The 36 characters are 27 bytes, or, as claims and the previous release have them, two words.
    """
    if len(link) >= _LONG_LINK:
        random, number_tag, *rest = link.decode().split(" ")
        return random, number_tag, "".join(rest)
    place = base64.urlsafe_b64encode(link[:_PLACE_BYTES]).decode()
    return place[:_RANDOM_CHARS], place[_RANDOM_CHARS:], link[_PLACE_BYTES:].decode()


def _sent_message(link: bytes, application: str, where: str) -> SentMessage:
    random, number_tag, send = _place_in(link)
    return SentMessage(
        random=random,
        number_tag=number_tag,
        application_id=application,
        channel=CHANNELS[where[0]],
        country=where[1:],
        send=int(send),
    )

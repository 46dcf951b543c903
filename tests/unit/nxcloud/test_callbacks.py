from decimal import Decimal

import pytest

from otp_service.domain.receipt import Cost, Receipt
from otp_service.domain.verification import DeliveryState
from otp_service.errors import InvalidRequest
from otp_service.nxcloud.callbacks import read_receipt, read_reply

REQUEST_ID = "f6a7d49946094857ae02812969a83056"
COST = {
    "currency": "USD",
    "localPrice": 29.89465,
    "originalPrice": 4.1234,
    "rateType": "Transactional",
}
DELIVERED = {
    "status": "delivered",
    "requestId": REQUEST_ID,
    "code": 11001,
    "message": "Viber message has delivered",
    "sendTime": "2026-07-13 15:12:11",
    "cost": COST,
}
REPLY = {
    "phone": "380671234567",
    "appkey": "sim_app",
    "traceRequestId": REQUEST_ID,
    "message": {"text": "hello"},
    "sendTime": "2026-07-13 15:12:11",
}


def without(content: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in content.items() if key != name}


def pointers(content: dict[str, object], read: object = read_receipt) -> list[str]:
    with pytest.raises(InvalidRequest) as refusal:
        read(content)  # type: ignore[operator]
    return [problem.pointer for problem in refusal.value.problems]


def test_receipt_is_read_whole() -> None:
    assert read_receipt(DELIVERED) == Receipt(
        REQUEST_ID,
        DeliveryState.DELIVERED,
        cost=Cost("USD", Decimal("4.1234"), "Transactional"),
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", DeliveryState.ACCEPTED),
        ("delivered", DeliveryState.DELIVERED),
        ("seen", DeliveryState.SEEN),
        ("failed", DeliveryState.FAILED),
        ("expired", DeliveryState.EXPIRED),
    ],
)
def test_every_status_has_its_state(status: str, state: DeliveryState) -> None:
    assert read_receipt(DELIVERED | {"status": status}).state is state


def test_what_is_not_known_of_a_receipt_is_passed_over() -> None:
    more = DELIVERED | {"extra": {"deep": [1, None]}, "message": None, "sendTime": 7}

    assert read_receipt(more) == read_receipt(DELIVERED)


@pytest.mark.parametrize(
    ("status", "code", "refused"),
    [
        ("failed", 11000, True),
        ("failed", "11000", True),
        ("failed", 9002, True),
        ("failed", 9001, False),
        ("failed", None, False),
        ("failed", True, False),
        ("failed", "11000 or so", False),
        ("expired", 11000, False),
        ("expired", 11003, False),
        ("delivered", 11000, False),
    ],
)
def test_number_is_refused_where_viber_failed_on_it(
    status: str,
    code: object,
    refused: bool,  # noqa: FBT001
) -> None:
    receipt = read_receipt(DELIVERED | {"status": status, "code": code})

    assert receipt.is_number_refused is refused


@pytest.mark.parametrize("status", [None, "", "Delivered", "sent", 1, ["seen"], {}], ids=str)
def test_receipt_without_a_known_status_is_refused(status: object) -> None:
    assert pointers(DELIVERED | {"status": status}) == ["/status"]


@pytest.mark.parametrize(
    "request_id", [None, "", 7, "a" * 49, "a b", "{tag}", "a:b", "é", "a\n"], ids=repr
)
def test_receipt_without_an_id_of_a_message_is_refused(request_id: object) -> None:
    assert pointers(DELIVERED | {"requestId": request_id}) == ["/requestId"]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    assert pointers({}) == ["/status", "/requestId"]


@pytest.mark.parametrize(
    "cost",
    [
        None,
        7,
        [],
        {},
        without(COST, "currency"),
        without(COST, "originalPrice"),
        COST | {"currency": "usd"},
        COST | {"currency": "DOLLAR"},
        COST | {"originalPrice": -1},
        COST | {"originalPrice": True},
        COST | {"originalPrice": "much"},
        COST | {"originalPrice": "1e999"},
        COST | {"originalPrice": "NaN"},
        COST | {"originalPrice": float("inf")},
        COST | {"originalPrice": "1" * 25},
        COST | {"originalPrice": 10**6},
    ],
    ids=repr,
)
def test_cost_that_cannot_be_read_does_not_keep_the_news(cost: object) -> None:
    receipt = read_receipt(DELIVERED | {"cost": cost})

    assert receipt.cost is None
    assert receipt.state is DeliveryState.DELIVERED


@pytest.mark.parametrize(("price", "amount"), [("0.045", "0.045"), (0, "0"), (4.1234, "4.1234")])
def test_price_is_read_as_number_or_text_and_exactly(price: object, amount: str) -> None:
    cost = read_receipt(DELIVERED | {"cost": COST | {"originalPrice": price}}).cost

    assert cost is not None
    assert cost.amount == Decimal(amount)


@pytest.mark.parametrize("rate_type", [None, 7, "", "x" * 25, "a b"], ids=repr)
def test_rate_type_that_is_none_leaves_the_cost_readable(rate_type: object) -> None:
    cost = read_receipt(DELIVERED | {"cost": COST | {"rateType": rate_type}}).cost

    assert cost is not None
    assert cost.rate_type == "unknown"


@pytest.mark.parametrize(
    "message",
    [{"text": "hello"}, {"text": ""}, {"media": "http://files.example/a", "fileName": "a.png"}],
    ids=["text", "empty text", "file"],
)
def test_reply_is_read_for_who_wrote_it_and_to_what(message: object) -> None:
    reply = read_reply(REPLY | {"message": message})

    assert (reply.phone, reply.request_id) == ("+380671234567", REQUEST_ID)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone", None),
        ("phone", "+380671234567"),
        ("phone", "12345"),
        ("phone", "0671234567"),
        ("phone", 380671234567),
        ("traceRequestId", None),
        ("traceRequestId", "a b"),
        ("message", None),
        ("message", "hello"),
        ("message", {}),
        ("message", {"text": 7}),
    ],
    ids=repr,
)
def test_reply_without_a_phone_a_message_or_words_is_refused(name: str, value: object) -> None:
    assert pointers(REPLY | {name: value}, read_reply) == [f"/{name}"]


def test_no_refusal_repeats_what_was_sent() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_reply({"phone": "+380671234567", "message": {"text": 7}})

    assert "380671234567" not in str(refusal.value)

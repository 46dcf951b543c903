import pytest
from support.verifications import NUMBER_KEY

from otp_service.domain.idempotency import Idempotency, IdempotencyScheme

SCHEME = IdempotencyScheme(NUMBER_KEY)
CODE = "918273"


def read(key: str = "a-key", scheme: IdempotencyScheme = SCHEME, **changes: object) -> Idempotency:
    request = {
        "owner": ("shop", "key", "0123456789abcdef"),
        "path": "/otp/verify",
        "body": {"verification_id": "v", "code": CODE},
        "verification_id": "v",
    }
    return scheme.read(key, **request | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "another-key"},
        {"owner": ("shop", "key", "fedcba9876543210")},
        {"owner": ("bank", "key", "0123456789abcdef")},
        {"owner": ("shop", "token", "0123456789abcdef")},
        {"path": "/otp/resend"},
        {"verification_id": "w"},
        {"scheme": IdempotencyScheme(b"another number key of 32 bytes..")},
    ],
    ids=["key", "key id", "application", "token", "path", "verification", "number key"],
)
def test_key_is_another_for_another_sender_path_or_verification(
    changes: dict[str, object],
) -> None:
    assert read(**changes).name != read().name


def test_parts_that_run_together_are_not_mistaken_for_each_other() -> None:
    assert read("bc", verification_id="a").name != read("c", verification_id="ab").name


def test_same_body_in_another_order_is_the_same_request() -> None:
    assert read(body={"code": CODE, "verification_id": "v"}) == read()


@pytest.mark.parametrize(
    "body",
    [
        {"verification_id": "v", "code": "918274"},
        {"verification_id": "v", "code": f"{CODE} "},
        {"verification_id": "v", "code": CODE, "purpose": "login"},
        {"verification_id": "v", "code": 918273},
    ],
    ids=str,
)
def test_another_body_is_another_fingerprint_of_the_same_key(body: dict[str, object]) -> None:
    other = read(body=body)

    assert other.name == read().name
    assert other.fingerprint != read().fingerprint


def test_same_body_under_another_key_shares_nothing() -> None:
    assert read("another-key").fingerprint != read().fingerprint


def test_what_stands_in_the_store_is_short_and_url_safe() -> None:
    made = read("k" * 255)

    assert len(made.name) == 24
    assert set(made.name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(made.fingerprint) == 16


def test_repr_shows_no_fingerprint() -> None:
    assert repr(read().fingerprint)[2:-1] not in repr(read())

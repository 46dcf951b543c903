from dataclasses import replace
from datetime import timedelta

import pytest
from support.verifications import PLAN, SMS_PLAN, new_verification, shop

from otp_service.domain.verification import LanguageReason
from otp_service.redis_store.packed import apart, pack, short_id, unpack, whole_id
from otp_service.redis_store.record import MAX_FIELD_BYTES

HEX_ID = "b81e8e9fcbbb422a813863e903de94bd"


def test_what_is_packed_is_what_the_previous_release_kept_apart() -> None:
    new = new_verification(plans=(SMS_PLAN, PLAN))

    fields = unpack(pack(new).encode())

    assert fields | {"u": b"login"} == {
        name: str(value).encode() for name, value in apart(new).items()
    }


def test_longest_of_everything_fits_a_field() -> None:
    longest = shop(
        life=timedelta(hours=1),
        resend_cooldown=timedelta(hours=1) - timedelta(milliseconds=1),
        retention=timedelta(days=1),
        sends=99,
    )
    new = replace(
        new_verification(longest, plans=(replace(PLAN, language="zh-Hant"),)),
        masked_phone="+1" + "*" * 12 + "99",
    )

    packed = pack(new)

    assert len(packed) < MAX_FIELD_BYTES
    assert unpack(packed.encode())["m"].decode() == new.masked_phone


@pytest.mark.parametrize(
    "masked", ["+380*******67", "+1********23", "+290*05", "+2904", "+88312**********67"]
)
def test_masked_number_comes_back_as_it_was(masked: str) -> None:
    new = replace(new_verification(), masked_phone=masked)

    assert unpack(pack(new).encode())["m"].decode() == masked


@pytest.mark.parametrize("reason", LanguageReason)
def test_every_reason_for_a_language_comes_back(reason: LanguageReason) -> None:
    new = new_verification(plans=(replace(PLAN, language_reason=reason),))

    assert unpack(pack(new).encode())["j"].decode() == reason.value[0]


@pytest.mark.parametrize("span_ms", [0, 1, 35, 36, 300_000, 86_400_000])
def test_times_come_back_to_the_millisecond(span_ms: int) -> None:
    new = new_verification(shop(resend_cooldown=timedelta(milliseconds=span_ms)))

    assert int(unpack(pack(new).encode())["w"]) == span_ms


@pytest.mark.parametrize(
    "request_id",
    [HEX_ID, "0" * 32, "f" * 32, HEX_ID.upper(), HEX_ID[:-1], "AbCdEfGhIjKlMnOpQrStUv", "7"],
)
def test_request_id_comes_back_as_the_provider_has_it(request_id: str) -> None:
    assert whole_id(short_id(request_id)) == request_id


def test_usual_request_id_gets_shorter() -> None:
    assert len(short_id(HEX_ID)) == 23

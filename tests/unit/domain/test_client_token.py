import base64
import re
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from otp_service.domain.client_token import ClientToken, ClientTokenScheme, new_token_id
from otp_service.domain.keys import KeyRing, Use
from otp_service.domain.message_text import MessageRequest
from otp_service.domain.proof import ProofScheme
from otp_service.domain.sealing import Sealer

OLD, NEW = b"o" * 32, b"n" * 32
ENDS = datetime(2026, 3, 1, 12, 10, 0, 250_000, tzinfo=UTC)
PLAIN = ClientToken("A1b2C3d4E5f6G7h8", "shop", "web", "0123456789abcdef", ENDS, "login")
FULL = replace(
    PLAIN,
    purpose="payment",
    number_tag="AAAAAAAAAAAAA_",
    address_tag="BBBBBBBBBBB-",
    message=MessageRequest(business_name="Нова Пошта", reason="a payment", template_id=3),
    context={"amount": "120.00", "payee": "Crème & Co"},
)
BASE64 = string.ascii_letters + string.digits + "-_"


def scheme(*secrets: bytes) -> ClientTokenScheme:
    keys = KeyRing(secrets)
    return ClientTokenScheme(
        signing_keys=keys.accepted(Use.TOKEN), sealing_keys=keys.accepted(Use.TOKEN_SEAL)
    )


@pytest.mark.parametrize("token", [PLAIN, FULL], ids=["plain", "full"])
def test_token_reads_back_as_it_was_written(token: ClientToken) -> None:
    assert scheme(NEW).read(scheme(NEW).write(token)) == token


def test_token_fits_an_authorization_header_and_says_what_it_is() -> None:
    text = scheme(NEW).write(FULL)

    assert re.fullmatch(r"otp_ct_[A-Za-z0-9._-]+", text)
    assert len(text) < 600


def test_the_largest_token_is_still_a_short_header() -> None:
    texts = MessageRequest(*["\U0001f600" * 50] * 4, template_id=9)
    text = scheme(NEW).write(replace(FULL, message=texts, context={"k": "v" * 1023}))

    assert len(text) < 3_000


def test_nothing_in_a_token_can_be_read_without_the_key() -> None:
    scheme_ = scheme(NEW)

    parts = scheme_.write(FULL).removeprefix("otp_ct_").split(".")

    sealed = _bytes_of(parts[0])
    for word in (b"shop", b"web", b"payment", b"AAAAAAAAA", b"BBBBBB", b"120.00", b"Cr"):
        assert word not in sealed
    assert scheme_.write(FULL) != scheme_.write(FULL)


def test_representation_shows_neither_tags_nor_words() -> None:
    shown = repr(FULL)

    assert not [word for word in ("AAAA", "BBBB", "120.00", "payment of") if word in shown]


def test_token_with_any_other_character_anywhere_is_none() -> None:
    tokens = scheme(NEW)
    text = tokens.write(PLAIN)
    altered = [
        text[:place] + character + text[place + 1 :]
        for place in range(len(text))
        for character in (BASE64 if place == len(text) - 1 else "A.-")
        if character != text[place]
    ]

    assert {tokens.read(each) for each in altered} == {None}


def test_token_cut_anywhere_is_none() -> None:
    tokens = scheme(NEW)
    text = tokens.write(PLAIN)

    assert {tokens.read(text[:length]) for length in range(len(text))} == {None}
    assert {tokens.read(text[length:]) for length in range(1, len(text))} == {None}


@pytest.mark.parametrize("addition", ["=", "==", "A", ".", "\n", " ", "é", "\ud800", "\x00"])
def test_token_with_something_before_or_after_it_is_none(addition: str) -> None:
    tokens = scheme(NEW)
    text = tokens.write(PLAIN)

    assert tokens.read(text + addition) is None
    assert tokens.read(addition + text) is None


def test_halves_of_two_tokens_are_none() -> None:
    tokens = scheme(NEW)
    first, second = tokens.write(PLAIN), tokens.write(FULL)

    assert tokens.read(first.rpartition(".")[0] + "." + second.rpartition(".")[2]) is None


@pytest.mark.parametrize(
    ("secrets", "expected"),
    [((NEW, OLD), PLAIN), ((OLD, NEW), PLAIN), ((NEW,), None)],
    ids=["old stays listed", "next is added last", "old is gone"],
)
def test_token_is_good_while_its_secret_is_listed(
    secrets: tuple[bytes, ...], expected: ClientToken | None
) -> None:
    assert scheme(*secrets).read(scheme(OLD).write(PLAIN)) == expected


def test_newest_secret_writes() -> None:
    assert scheme(NEW).read(scheme(NEW, OLD).write(PLAIN)) == PLAIN


def test_signature_of_another_use_is_none() -> None:
    keys = KeyRing([NEW])
    proof = ProofScheme(keys.accepted(Use.PROOF)).sign("A" * 36)
    crossed = ClientTokenScheme(
        signing_keys=keys.accepted(Use.PROOF), sealing_keys=keys.accepted(Use.SEAL)
    )

    assert scheme(NEW).read(f"otp_ct_{proof}") is None
    assert scheme(NEW).read(crossed.write(PLAIN)) is None


def test_seal_without_our_signature_is_none() -> None:
    sealing = KeyRing([NEW]).accepted(Use.TOKEN_SEAL)
    forged = ClientTokenScheme(signing_keys=[b"f" * 32], sealing_keys=sealing)

    assert scheme(NEW).read(forged.write(PLAIN)) is None


def test_signed_text_that_is_no_seal_of_ours_is_none() -> None:
    signing = KeyRing([NEW]).accepted(Use.TOKEN)
    foreign = ClientTokenScheme(signing_keys=signing, sealing_keys=[b"f" * 32])

    assert scheme(NEW).read(foreign.write(PLAIN)) is None


def test_sealed_text_that_says_something_else_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = scheme(NEW)
    seal = Sealer.seal
    for said in ("[]", "{}", "1", '{"i": 1}', "no JSON"):
        monkeypatch.setattr(
            Sealer,
            "seal",
            lambda own, _, *, bound_to, said=said: seal(own, said, bound_to=bound_to),
        )
        text = tokens.write(PLAIN)
        assert tokens.read(text) is None


def test_token_is_expired_from_its_end_on() -> None:
    assert not PLAIN.is_expired(ENDS - timedelta(milliseconds=1))
    assert PLAIN.is_expired(ENDS)


def test_ids_are_short_url_safe_and_their_own() -> None:
    ids = {new_token_id() for _ in range(100)}

    assert len(ids) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", each) for each in ids)


def _bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

import base64
import hashlib
import re
import secrets

import pytest

from otp_service.domain.api_key import (
    EVERY_SCOPE,
    KeyKind,
    Scope,
    draw_key,
    fingerprint_of_hash,
    hash_key,
    name_of_hash,
    read_key_id,
    read_scope,
)

KEY = "otp_live_" + "k" * 43
KEY_HASH = hashlib.sha256(KEY.encode()).hexdigest()


@pytest.mark.parametrize("kind", KeyKind)
def test_key_has_its_prefix_and_256_bits_in_characters_a_header_takes(kind: KeyKind) -> None:
    key = draw_key(kind)

    drawn = re.fullmatch(rf"otp_{kind.value}_([A-Za-z0-9_-]{{43}})", key)
    assert drawn
    assert len(base64.urlsafe_b64decode(drawn[1] + "=")) == 32


def test_key_is_drawn_by_the_cryptographic_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_urlsafe", lambda count: f"{count}-bytes")

    assert draw_key(KeyKind.TEST) == "otp_test_32-bytes"


def test_no_two_keys_are_the_same() -> None:
    assert len({draw_key(KeyKind.LIVE) for _ in range(100)}) == 100


def test_key_is_known_by_its_sha256() -> None:
    assert hash_key(KEY) == KEY_HASH


def test_name_and_fingerprint_are_beginnings_of_the_hash() -> None:
    assert name_of_hash(KEY_HASH) == KEY_HASH[:8]
    assert fingerprint_of_hash(KEY_HASH) == KEY_HASH[:16]


@pytest.mark.parametrize("word", ["start", "verify", "status", "tokens", "client_ip"])
def test_each_of_the_five_words_is_a_scope(word: str) -> None:
    assert read_scope(word) == word


def test_there_are_no_more_scopes_than_five() -> None:
    assert set(Scope) == EVERY_SCOPE
    assert len(EVERY_SCOPE) == 5


@pytest.mark.parametrize("word", ["", "Start", "resend", "*", "start,verify"])
def test_another_word_is_refused_with_the_five(word: str) -> None:
    with pytest.raises(ValueError, match=r"^must be one of start, verify, status, tokens, client"):
        read_scope(word)


def test_admin_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"^must not be admin: that is the command line's alone"):
        read_scope("admin")


@pytest.mark.parametrize("text", ["w", "web-2_a", "0123abcd", "w" * 32])
def test_short_plain_word_can_name_a_key(text: str) -> None:
    assert read_key_id(text) == text


@pytest.mark.parametrize("text", ["", "w" * 33, "Web", "web shop", "web\n", "web.shop", "\u0661"])
def test_anything_else_cannot(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must have 1 to 32 of a-z, 0-9, _ and -$"):
        read_key_id(text)

"""Where one browser is in its signup: kept in a signed cookie, so that nothing is kept here."""

import hmac
from dataclasses import asdict, dataclass
from hashlib import sha256

from flask import Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

COOKIE = "otp_demo_sign_up"
_LIFE_SECONDS = 3_600
_TAG_CHARS = 16
_SALT = "otp_service.demo.sign_up"


@dataclass(frozen=True, slots=True, repr=False)
class SignUp:
    """One signup.

    Args:
        typed: the number as it was typed, to be corrected.
        country: ISO 3166-1 alpha-2, as it was chosen.
        phone: in E.164, as far as it could be read.
        verification_id: empty before a code was sent.
        is_done: the right code was entered.
        said: what the next page is to say, once: a page that answered a form itself would send
            that form again when it is reloaded.
    """

    typed: str = ""
    country: str = ""
    phone: str = ""
    verification_id: str = ""
    is_done: bool = False
    said: str = ""


class SignUpCookie:
    """Writes and reads it.

    The verification's id is what a guess needs. So no script can read it (HttpOnly), no request
    that another site causes carries it (SameSite), and nobody can put in one of his own (signed).
    Behind TLS it is Secure too.

    Args:
        key: a secret of this use alone.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._serializer = URLSafeTimedSerializer(
            key, salt=_SALT, signer_kwargs={"digest_method": sha256}
        )

    def tag(self, sign_up: SignUp) -> str:
        """Name a signup within its own forms, so that one from before is noticed."""
        return hmac.digest(self._key, sign_up.verification_id.encode(), "sha256").hex()[:_TAG_CHARS]

    def read(self, request: Request) -> SignUp | None:
        """Give the signup of a browser, or None if it has none or an old one."""
        try:
            held = self._serializer.loads(request.cookies.get(COOKIE, ""), max_age=_LIFE_SECONDS)
        except BadSignature:
            return None
        return SignUp(**held)

    def write(self, response: Response, sign_up: SignUp, *, is_secure: bool) -> None:
        """Have the browser keep it for an hour."""
        response.set_cookie(
            COOKIE,
            self._serializer.dumps(asdict(sign_up)),
            max_age=_LIFE_SECONDS,
            path="/demo",
            secure=is_secure,
            httponly=True,
            samesite="Strict",
        )

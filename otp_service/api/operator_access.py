"""Who may see what the service tells of itself: operators by their keys, on paths of their own."""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256

from otp_service.api.admission import read_bearer
from otp_service.errors import Unauthenticated

_METRICS = "/metrics"
_DOCS = "/docs"
_DOCUMENT = "/openapi"

_ABOUT_THE_API = (_DOCS, _DOCUMENT)


@dataclass(frozen=True, slots=True)
class OperatorAccess:
    """Knows operators by the key they show. Their keys are nobody's API keys, nor the reverse.

    Args:
        keys: SHA-256 digests of the operators' keys; without any the paths are closed.
        is_open: everything is for everybody, as in the demo.
        has_public_docs: the OpenAPI document and the page to browse it are for everybody.
    """

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    is_open: bool = False
    has_public_docs: bool = False

    def check(self, path: str, authorization: str | None) -> None:
        """Let a request through if its path is for everybody or it shows an operator's key.

        Raises:
            Unauthenticated: neither, be there something at the path or not.
        """
        if self._is_guarded(path) and not self.knows(authorization):
            raise Unauthenticated

    def knows(self, authorization: str | None) -> bool:
        """Tell whether an ``Authorization`` header carries an operator's key, or none is needed.

        Every known digest is compared, to the end and in constant time.
        """
        if self.is_open:
            return True
        key = read_bearer(authorization)
        digest = sha256((key or "").encode()).digest()
        matches = [hmac.compare_digest(known, digest) for known in self.keys]
        return key is not None and any(matches)

    def _is_guarded(self, path: str) -> bool:
        guarded = (_METRICS,) if self.has_public_docs else (_METRICS, *_ABOUT_THE_API)
        return any(path == each or path.startswith(f"{each}/") for each in guarded)

"""Which of the two spellings of a template message this account's endpoint takes."""

import threading

from otp_service.nxcloud.otp_template import Dialect


class DialectChoice:
    """Finds the spelling out, once a process.

    Args:
        fixed: the spelling to use always; None to find it out, beginning with ``DOCUMENTED``.
    """

    def __init__(self, fixed: Dialect | None = None) -> None:
        self._lock = threading.Lock()
        self._chosen = fixed

    def first(self) -> Dialect:
        """Give the spelling to try a message with."""
        return self._chosen or Dialect.DOCUMENTED

    def after_refusal(self, tried: set[Dialect]) -> Dialect | None:
        """Give the spelling to try next with a message whose fields were refused, if any.

        While nothing is chosen that is the other one. Afterwards it is the chosen one, but only for
        a message that went out before the choice was made: fields refused in the right spelling
        are wrong in themselves.
        """
        candidates = {self._chosen} if self._chosen else set(Dialect)
        return next(iter(candidates - tried), None)

    def accepted(self, dialect: Dialect) -> bool:
        """Note that a message was taken in this spelling; True if that made the choice."""
        with self._lock:
            if self._chosen is not None:
                return False
            self._chosen = dialect
            return True

"""The values that labels of metrics can take: closed sets, so that no metric grows without bound.

``none`` stands for what an event does not say, ``other`` for everything outside the set.
"""

import re
from collections.abc import Iterable

from phonenumbers import SUPPORTED_REGIONS

from otp_service import data
from otp_service.domain.fraud import GuardOutcome, GuardScope
from otp_service.domain.verification import Channel, DeliveryState
from otp_service.errors import OtpError
from otp_service.ports import SendVerdict

NONE = "none"
OTHER = "other"

_MOST_OWN_WORDS = 64


class ClosedSet:
    """Lets its ``members`` through."""

    def __init__(self, members: Iterable[str]) -> None:
        self.members = frozenset(members)

    def label(self, value: object) -> str:
        """Give the value itself, or the word for what is none of the set."""
        if value is None:
            return NONE
        text = str(value)
        return text if text in self.members else OTHER


class OwnWords:
    """Lets through what can only be a name from our own code, and of these a fixed number.

    Patterns of routes, operations of the store and names of budgets are closed sets which are
    defined elsewhere; the form and the number here hold even if something else gets in.

    Args:
        form: what a whole word looks like.
    """

    def __init__(self, form: str) -> None:
        self._form = re.compile(form)
        self._seen: set[str] = set()

    def label(self, value: object) -> str:
        """Give the value itself, or the word for one word too many or of another form."""
        if value is None:
            return NONE
        text = str(value)
        if text in self._seen:
            return text
        if len(self._seen) >= _MOST_OWN_WORDS or not self._form.fullmatch(text):
            return OTHER
        self._seen.add(text)
        return text


def _public_codes(error: type[OtpError]) -> Iterable[str]:
    if "code" in vars(error):
        yield error.code
    for narrower in error.__subclasses__():
        yield from _public_codes(narrower)


class Labels:
    """One set for each label.

    Args:
        applications: their ids.
        reasons: every word that the provider's clients give as a reason.
    """

    def __init__(self, *, applications: Iterable[str], reasons: Iterable[str]) -> None:
        self.application = ClosedSet(applications)
        self.provider_reason = ClosedSet(reasons)
        self.country = ClosedSet(SUPPORTED_REGIONS)
        self.channel = ClosedSet(Channel)
        self.template = ClosedSet(
            str(row["id"]) for row in data.load("templates.json")["templates"]
        )
        self.language = ClosedSet(row["code"] for row in data.load("languages.json")["languages"])
        self.verdict = ClosedSet(SendVerdict)
        codes = set(_public_codes(OtpError))
        self.start = ClosedSet({"started", "replayed"} | codes)
        self.resend = ClosedSet({"resent", "replayed"} | codes)
        self.guess = ClosedSet({"approved", "replayed"} | codes)
        bars = {"not_needed", "no_sends_left", "too_soon"}
        self.fall_back = ClosedSet({"fallen_back"} | bars | codes)
        self.fall_back_cause = ClosedSet({"number_refused", "failed", "not_tried", "receipt"})
        self.state = ClosedSet(DeliveryState)
        self.receipt = ClosedSet({"news", "old", "unknown", "early"})
        self.currency = OwnWords(r"[A-Z]{3}")
        self.rate_type = ClosedSet({"Transactional", "Promotional", "Session", "OtpTemplate"})
        self.reply = ClosedSet({"noted"})
        self.cancel = ClosedSet({"canceled"} | codes)
        self.mint = ClosedSet({"minted"} | codes)
        self.proof = ClosedSet({"active", "consumed_now", "inactive"})
        self.test_use = ClosedSet({"start", "resend", "verify"})
        self.test_outcome = ClosedSet({"started", "resent", "approved"} | codes)
        self.detail = OwnWords(r"[a-z][a-z_]{0,47}")
        self.guard_scope = ClosedSet(GuardScope)
        self.guard_outcome = ClosedSet(GuardOutcome)
        self.operation = OwnWords(r"[a-z][a-z_]{0,47}")
        self.store_outcome = ClosedSet({"ok", "unavailable"})
        self.route = OwnWords(r"unmatched|/[a-z_./<>:-]{0,79}")
        self.method = ClosedSet({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
        self.status = ClosedSet(map(str, range(100, 600)))

    def provider_outcome(self, reason: str) -> str:
        """Give the class of a provider client's reason, for what is timed by it."""
        known = self.provider_reason.label(reason)
        if known == OTHER:
            return OTHER
        _, is_code, code = known.rpartition("code_")
        if not is_code:
            return "no_answer"
        return "accepted" if code == "0" else "refused"

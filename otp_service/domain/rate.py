"""What a Viber message asks to be billed as, and what it is billed as.

Source:
    NXCloud, "Send Message" (Viber): rateType in the tables of function types, "Template
    Description" and "Session Description".
"""

from enum import StrEnum


class RateType(StrEnum):
    """What a message asks for."""

    TRANSACTIONAL = "Transactional"
    PROMOTIONAL = "Promotional"
    SESSION = "Session"
    OTP_TEMPLATE = "OtpTemplate"


class Billing(StrEnum):
    """What a message is billed as; ``FREE`` is a session's second message and every later one."""

    TRANSACTIONAL = "Transactional"
    PROMOTIONAL = "Promotional"
    SESSION = "Session"
    OTP_TEMPLATE = "OtpTemplate"
    FREE = "free"


TEMPLATE_COUNTRIES = frozenset({"RU", "UA", "BY"})
"""Where a plain text must match a registered template to be billed Transactional.

ISO 3166-1 alpha-2; the page writes UK for Ukraine.
"""

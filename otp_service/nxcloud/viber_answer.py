"""What an exchange means for the one Viber message it carried.

Source:
    NXCloud, "Send Message" (Viber): response examples and response codes.
"""

from typing import Any

from otp_service.domain.verification import Channel
from otp_service.nxcloud import reading
from otp_service.nxcloud.reading import Reading
from otp_service.nxcloud.result_codes import ACCEPTED, meaning_of
from otp_service.nxcloud.transport import Exchange


def read_exchange(exchange: Exchange) -> Reading:
    """Judge one exchange."""
    return reading.read_exchange(exchange, _read_content)


def _read_content(content: dict[str, Any]) -> Reading | None:
    code = content.get("code")
    if type(code) is not int:
        return None
    meaning = meaning_of(code, Channel.VIBER)
    if code != ACCEPTED:
        return reading.refused(code, meaning)
    data = content.get("data")
    request_id = data.get("requestId") if isinstance(data, dict) else None
    return reading.accepted(request_id, meaning)

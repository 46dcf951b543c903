"""What an exchange means for the one SMS it carried.

Source:
    NXCloud, "SMS v2": the answer's fields and codes. The code is text, unlike Viber's.
"""

import re
from typing import Any

from otp_service.domain.verification import Channel
from otp_service.nxcloud import reading
from otp_service.nxcloud.reading import Reading
from otp_service.nxcloud.result_codes import ACCEPTED, meaning_of
from otp_service.nxcloud.transport import Exchange

_CODE = re.compile(r"0|-?[1-9][0-9]{0,8}")


def read_exchange(exchange: Exchange) -> Reading:
    """Judge one exchange."""
    return reading.read_exchange(exchange, _read_content)


def _read_content(content: dict[str, Any]) -> Reading | None:
    text = content.get("code")
    if not isinstance(text, str) or not _CODE.fullmatch(text):
        return None
    code = int(text)
    meaning = meaning_of(code, Channel.SMS)
    if code != ACCEPTED:
        return reading.refused(code, meaning)
    message_id = content.get("messageid")
    # A number names a message as well as text does.
    return reading.accepted(str(message_id) if type(message_id) is int else message_id, meaning)

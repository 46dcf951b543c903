"""The provider's client: signing, senders, result codes; and its whole Viber send call.

transport = Transport("https://api2.nxcloud.com")
account = Credentials(access_key="…", access_secret="…")
client = ViberClient(transport, credentials=account, appkey="…")
result = client.send("+380671234567", Image(image="https://example.com/a.jpeg"))
"""

from otp_service.domain.file_type import FILE_TYPES
from otp_service.domain.pin import Pin
from otp_service.domain.rate import Billing, RateType
from otp_service.domain.viber_message import (
    File,
    Image,
    OtpTemplate,
    Text,
    TextButton,
    TextImage,
    TextImageButton,
    ViberMessage,
    Video,
    VideoText,
    VideoTextButton,
)
from otp_service.errors import FieldProblem, InvalidRequest
from otp_service.nxcloud.otp_template import Dialect
from otp_service.nxcloud.signing import Algorithm, Credentials
from otp_service.nxcloud.transport import Transport
from otp_service.nxcloud.viber_client import Preview, ViberClient
from otp_service.ports import SendVerdict
from otp_service.service.send_message import SendResult

__all__ = [
    "FILE_TYPES",
    "Algorithm",
    "Billing",
    "Credentials",
    "Dialect",
    "FieldProblem",
    "File",
    "Image",
    "InvalidRequest",
    "OtpTemplate",
    "Pin",
    "Preview",
    "RateType",
    "SendResult",
    "SendVerdict",
    "Text",
    "TextButton",
    "TextImage",
    "TextImageButton",
    "Transport",
    "ViberClient",
    "ViberMessage",
    "Video",
    "VideoText",
    "VideoTextButton",
]

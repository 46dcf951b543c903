"""The messages that can be sent over Viber: one class a function type, and one for templates.

Each has the fields of its table and no other. ``message_problems`` says whether one can be sent.
No ``repr`` shows what a message holds: a text or a link may carry a code.

Source:
    NXCloud, "Send Message" (Viber), "Message Function Types".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from otp_service.domain.pin import Pin
from otp_service.domain.rate import RateType

_PROMOTIONAL_ALONE = frozenset({RateType.PROMOTIONAL})


class _Message:
    """What all messages have."""

    __slots__ = ()

    function_type: ClassVar[str]
    rate_types: ClassVar[frozenset[RateType]]
    rate_type: RateType

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.rate_type})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Text(_Message):
    """A text of one's own."""

    function_type: ClassVar[str] = "text"
    rate_types: ClassVar[frozenset[RateType]] = frozenset(
        {RateType.TRANSACTIONAL, RateType.SESSION}
    )

    text: str
    rate_type: RateType = RateType.TRANSACTIONAL


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OtpTemplate(_Message):
    """A PIN in one of the nine templates: the third kind of text.

    Args:
        template_id: 1 to 9.
        language: the provider's code.
        life: how long the PIN lives; what the template says of it must be so.
        texts: the template's text parameters by the names of our own API, such as
            ``business_name``; all of them, and no other.
    """

    function_type: ClassVar[str] = "text"
    rate_types: ClassVar[frozenset[RateType]] = frozenset({RateType.OTP_TEMPLATE})

    template_id: int
    pin: Pin
    language: str
    life: timedelta
    texts: Mapping[str, str] = field(default_factory=dict)
    rate_type: RateType = RateType.OTP_TEMPLATE


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Image(_Message):
    """A picture.

    Args:
        image: its link.
    """

    function_type: ClassVar[str] = "image"
    rate_types: ClassVar[frozenset[RateType]] = frozenset({RateType.PROMOTIONAL, RateType.SESSION})

    image: str
    rate_type: RateType = RateType.PROMOTIONAL


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TextImage(_Message):
    """A text with a picture."""

    function_type: ClassVar[str] = "text_image"
    rate_types: ClassVar[frozenset[RateType]] = _PROMOTIONAL_ALONE

    text: str
    image: str
    rate_type: RateType = RateType.PROMOTIONAL


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TextImageButton(_Message):
    """A text with a picture and a button that opens a link."""

    function_type: ClassVar[str] = "text_image_button"
    rate_types: ClassVar[frozenset[RateType]] = _PROMOTIONAL_ALONE

    text: str
    image: str
    button_text: str
    button_link: str
    rate_type: RateType = RateType.PROMOTIONAL


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TextButton(_Message):
    """A text with a button that opens a link."""

    function_type: ClassVar[str] = "text_button"
    rate_types: ClassVar[frozenset[RateType]] = _PROMOTIONAL_ALONE

    text: str
    button_text: str
    button_link: str
    rate_type: RateType = RateType.PROMOTIONAL


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class File(_Message):
    """A document, a PDF or a spreadsheet.

    Args:
        file_type: one of ``FILE_TYPES``, in either case, with or without a leading dot.
    """

    function_type: ClassVar[str] = "file"
    rate_types: ClassVar[frozenset[RateType]] = frozenset(
        {RateType.TRANSACTIONAL, RateType.SESSION}
    )

    file_name: str
    file_link: str
    file_type: str
    rate_type: RateType = RateType.TRANSACTIONAL


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Video(_Message):
    """A video.

    Args:
        thumbnail: the link of the picture shown before it plays.
    """

    function_type: ClassVar[str] = "video"
    rate_types: ClassVar[frozenset[RateType]] = _PROMOTIONAL_ALONE

    thumbnail: str
    video_link: str
    video_size_bytes: int
    duration_seconds: int
    rate_type: RateType = RateType.PROMOTIONAL


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VideoText(_Message):
    """A video with a text."""

    function_type: ClassVar[str] = "video_text"
    rate_types: ClassVar[frozenset[RateType]] = _PROMOTIONAL_ALONE

    thumbnail: str
    video_link: str
    video_size_bytes: int
    duration_seconds: int
    text: str
    rate_type: RateType = RateType.PROMOTIONAL


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VideoTextButton(_Message):
    """A video with a text and a button. The page gives the button no link."""

    function_type: ClassVar[str] = "video_text_button"
    rate_types: ClassVar[frozenset[RateType]] = _PROMOTIONAL_ALONE

    thumbnail: str
    video_link: str
    video_size_bytes: int
    duration_seconds: int
    text: str
    button_text: str
    rate_type: RateType = RateType.PROMOTIONAL


ViberMessage = (
    Text
    | OtpTemplate
    | Image
    | TextImage
    | TextImageButton
    | TextButton
    | File
    | Video
    | VideoText
    | VideoTextButton
)

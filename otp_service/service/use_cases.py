"""The verbs of the service, ready to be called."""

from dataclasses import dataclass

from otp_service.service.cancel import CancelVerification
from otp_service.service.mint import MintToken
from otp_service.service.proof import CheckProof
from otp_service.service.receive import ReceiveReceipt
from otp_service.service.resend import ResendCode
from otp_service.service.start import StartVerification
from otp_service.service.status import ReadVerification
from otp_service.service.verify import VerifyCode


@dataclass(frozen=True, slots=True)
class UseCases:
    """One callable a verb; each of a caller's takes the calling application first."""

    start: StartVerification
    resend: ResendCode
    verify: VerifyCode
    cancel: CancelVerification
    status: ReadVerification
    proof: CheckProof
    receive: ReceiveReceipt
    mint: MintToken

"""One person's sign-up, and everything that its caller was told."""

from dataclasses import dataclass, field

NO_ANSWER = 0
ATTEMPTS = 5
REFUSED = "refused"
"""The code of a call whose connection was refused: nobody heard of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One call and what came of it. A call that got no answer is told as status 0.

    Args:
        call: ``start``, ``right`` or ``wrong`` (guesses at the code), ``resend``, ``cancel``,
            ``status``, ``consume`` (a proof), ``token`` (a client token is minted), ``receipt``
            (the provider says that the message failed), ``look`` (a status read long afterwards).
        at: when it was made, on ``time.monotonic``'s clock, seconds.
        took: until its answer, seconds.
        status: HTTP, or ``NO_ANSWER``.
        code: of the problem; else the ``status`` of the reply, for a proof ``active`` or
            ``inactive``; else what broke.
        key: its Idempotency-Key, if any.
        verification_id: that of the reply.
    """

    call: str
    at: float
    took: float
    status: int
    code: str
    delivery: str = ""
    attempts_left: int | None = None
    key: str = ""
    verification_id: str = ""

    @property
    def ended(self) -> float:
        return self.at + self.took

    @property
    def is_trouble(self) -> bool:
        """Whether the service or the line failed, and not the caller."""
        return self.status == NO_ANSWER or self.status >= 500

    @property
    def is_lost(self) -> bool:
        """Whether it may have been heard, and nobody knows what came of it."""
        return self.status == NO_ANSWER and self.code != REFUSED

    @property
    def is_last_word(self) -> bool:
        return not self.is_trouble and self.status not in {409, 429}


@dataclass
class Journey:
    """One person's sign-up.

    Args:
        messages: how many the phone had in the end.
        deliveries: how many messages the service knew of in the end; None if it was not asked.
    """

    number: str
    part: str
    verification_id: str = ""
    log: list[Told] = field(default_factory=list)
    messages: int = 0
    deliveries: int | None = None

    def of(self, *calls: str) -> list[Told]:
        return [told for told in self.log if told.call in calls]

"""What a message costs, as far as the money budgets know."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from otp_service.domain.verification import Channel


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices of messages, in millionths of the currency's unit.

    Args:
        currency: the word for it in what operators read.
        default: of each channel, where a country has no price of its own.
        by_country: ISO 3166-1 alpha-2; of the channels that differ there.
    """

    currency: str = "EUR"
    default: Mapping[Channel, int] = field(default_factory=dict)
    by_country: Mapping[str, Mapping[Channel, int]] = field(default_factory=dict)

    def price(self, country: str, channel: Channel) -> int:
        """Give the price of one message to a country; 0 where none is known."""
        return self.by_country.get(country, {}).get(channel, self.default.get(channel, 0))

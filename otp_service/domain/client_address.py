"""End users' addresses: what of them is kept, and never in clear."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from otp_service.domain.keys import derive_key, keyed_tag

# One subscriber's line has a whole /64 to draw addresses from.
# Source: RFC 6177 section 2; RIPE-690 section 4.2.
_IPV6_PREFIX = 64
_TAG_BYTES = 9


class AddressScheme:
    """Turns addresses into tags, under which they are counted and recognised.

    Args:
        number_key: the secret behind the tags. Another key forgets every address.

    Raises:
        ValueError: the key is under 32 bytes.
    """

    def __init__(self, number_key: bytes) -> None:
        self._key = derive_key(number_key, "address-tag")

    def tag(self, address: str) -> str:
        """Give 12 URL-safe characters that stand for an IPv4 address or for an IPv6 /64.

        An IPv4 address written within IPv6 is that IPv4 address.

        Raises:
            ValueError: the text is no address.
        """
        return keyed_tag(self._key, _counted(ip_address(address)), _TAG_BYTES)


def _counted(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((int(address), _IPV6_PREFIX), strict=False))
    return str(address)

"""Numbers and addresses of made-up people, as ``lua/start.lua`` makes them too."""

# Numbers of Ukraine's plan; neighbours are in different ranges of ten thousand.
_RANGES, _STEP = 1_000, 10_000


def number_of(at: int) -> str:
    """Give the number of the person of this place in the row, in E.164."""
    return f"+38067{at % _RANGES * _STEP + at // _RANGES:07d}"


def address_of(at: int) -> str:
    """Give the person's IPv4 address."""
    return f"10.{at // 65_536 % 256}.{at // 256 % 256}.{at % 256}"

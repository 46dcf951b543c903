"""Many live verifications in Redis, as copies of a few that are genuine.

Copies have the same fields, lengths and times to live; only their keys are others, of the same
length. Nobody knows their ids, so no load touches them.
"""

import redis

# Keys of one verification, one number, one message or one address; the rest many share.
_OWN = ("otp1:{??????????????}:*", "otp1:m:*", "otp1:{i:shop:????????????}:*")
_COPIES_A_CALL = 50
_MOST_COPIES = 1_000
_COPY = """
local first, last = tonumber(ARGV[1]), tonumber(ARGV[2])
for _, key in ipairs(KEYS) do
    local head = key:match('^otp1:{i:shop:') or key:match('^otp1:m:') or 'otp1:{'
    local tail = key:sub(#head + 4)
    for at = first, last do
        local copy = head .. string.format('%03d', at) .. tail
        if copy ~= key then
            redis.call('COPY', key, copy)
        end
    end
end
"""
_KEYS_A_CALL = 1_000


def own_keys(client: "redis.Redis") -> list[bytes]:
    """Give every key that belongs to one verification, number, message or address."""
    return [key for pattern in _OWN for key in client.scan_iter(match=pattern, count=10_000)]


def multiply(client: "redis.Redis", times: int) -> None:
    """Copy everything of every verification until there is ``times`` as much of it.

    Args:
        times: 1 to 1,001.
    """
    if not 1 <= times <= _MOST_COPIES + 1:
        raise ValueError(f"{times} times is more than the names of copies allow")
    keys = own_keys(client)
    for first in range(0, len(keys), _KEYS_A_CALL):
        part = keys[first : first + _KEYS_A_CALL]
        for at in range(0, times - 1, _COPIES_A_CALL):
            last = min(at + _COPIES_A_CALL, times - 1) - 1
            client.eval(_COPY, len(part), *part, at, last)

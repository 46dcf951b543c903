-- Claim the Idempotency-Key of a start, or say whose it is.
-- needs     record, idempotency
-- KEYS[1]   the claim: f fingerprint of the body, l the verification's place, e end of its lock, ms
-- ARGV[1]   fingerprint of the body   ARGV[2] the place of the verification to be
-- returns   {claimed, place}: the one that stood there, if a start with this key broke off
--           | {running, place, wait ms} (or answered meanwhile) | {reused}
-- why       of any number of starts with one key one goes on; a lock ends by itself, the place stays,
--           so that a start which broke off is continued and not made twice

local claim_key, fingerprint = KEYS[1], ARGV[1]
local now_ms = clock_ms()
local fields = redis.call('HMGET', claim_key, 'f', 'l', 'e')
if not fields[1] then
    redis.call('HSET', claim_key, 'f', fingerprint, 'l', ARGV[2], 'e', ms(now_ms + LOCK_MS))
    redis.call('PEXPIRE', claim_key, KEPT_MS)
    return {'claimed', ARGV[2]}
end
if fields[1] ~= fingerprint then
    return {'reused'}
end
local wait_ms = tonumber(fields[3]) - now_ms
if wait_ms > LOCK_MS then
    -- The clock was set back since. Nobody waits for longer than a lock lasts.
    wait_ms = LOCK_MS
    redis.call('HSET', claim_key, 'e', ms(now_ms + LOCK_MS))
end
if wait_ms > 0 then
    return {'running', fields[2], wait_ms}
end
-- Not for longer than it was: what it leads to does not last longer either.
redis.call('HSET', claim_key, 'e', ms(now_ms + LOCK_MS))
return {'claimed', fields[2]}

-- End the lock of a start's Idempotency-Key before its time.
-- needs     record
-- KEYS[1]   the claim, as claim.lua has it
-- ARGV[1]   the place of the verification   ARGV[2] forget | continue: what the next start does with it
-- returns   {done} | {missing}
-- why       a refused start leaves its key as free as if it had never been; not that of another
--           start which took the key over meanwhile

local claim_key = KEYS[1]
if redis.call('HGET', claim_key, 'l') ~= ARGV[1] then
    return {'missing'}
end
if ARGV[2] == 'forget' then
    redis.call('DEL', claim_key)
else
    redis.call('HSET', claim_key, 'e', ms(clock_ms()))
end
return {'done'}

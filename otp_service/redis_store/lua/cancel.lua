-- Call a pending verification off; a second time changes nothing.
-- needs     record, audit
-- KEYS[1]   the record
-- ARGV[1]   application
-- returns   {canceled, now, record} | {ended, status} | {missing}
-- why       one step, so that a code checked at the same moment either wins or finds it canceled

local record_key = KEYS[1]
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'o', 'n', 'R')
local refused = refusal(fields, ARGV[1], now_ms)
if refused and refused[2] == CANCELED then
    return answer('canceled', now_ms, record_key)
end
if refused then
    if refused[1] == 'ended' then
        note(now_ms, 'C', refused[2])
    end
    return refused
end
redis.call('HDEL', record_key, 'f')
local retention_ms = rules_of(record_key, fields[6]).retention_ms
close(record_key, CANCELED, tonumber(fields[4] or fields[5]), now_ms + retention_ms)
note(now_ms, 'c')
return answer('canceled', now_ms, record_key)

-- Call a pending verification off; a second time changes nothing.
-- needs     record
-- KEYS[1]   the record
-- ARGV[1]   application
-- returns   {canceled, now, record} | {ended, status} | {missing}
-- why       one step, so that a code checked at the same moment either wins or finds it canceled

local record_key = KEYS[1]
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'o', 'h')
if not fields[1] or fields[1] ~= ARGV[1] then
    return {'missing'}
end
if fields[2] == CANCELED then
    return answer('canceled', now_ms, record_key)
end
if fields[2] ~= PENDING then
    return {'ended', fields[2]}
end
if now_ms >= tonumber(fields[3]) then
    return {'ended', 'e'}
end
redis.call('HDEL', record_key, 'f')
close(record_key, CANCELED, tonumber(fields[4]), now_ms + tonumber(fields[5]))
return answer('canceled', now_ms, record_key)

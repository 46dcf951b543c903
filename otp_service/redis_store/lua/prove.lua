-- Show an approval while its proof lives, and use the proof up if asked to.
-- needs     record
-- KEYS[1]   the record
-- ARGV[1]   application   ARGV[2] proof life ms   ARGV[3] 1 to consume, 0 to look
-- returns   {active, now, record} | {inactive}
-- why       looking and consuming in one step: of any number of calls side by side one consumes

local record_key = KEYS[1]
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'v', 'z')
if not fields[1] or fields[1] ~= ARGV[1] or fields[2] ~= APPROVED or fields[4] then
    return {'inactive'}
end
if now_ms >= tonumber(fields[3]) + tonumber(ARGV[2]) then
    return {'inactive'}
end
if ARGV[3] == '1' then
    redis.call('HSET', record_key, 'z', 1)
end
return answer('active', now_ms, record_key)

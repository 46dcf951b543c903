-- Show a verification, living or ended.
-- needs     record
-- KEYS[1]   the record
-- ARGV[1]   application
-- returns   {found, now, record} | {missing}
-- why       record and clock in one round trip: whether it has expired is the store's to say

local record_key = KEYS[1]
if redis.call('HGET', record_key, 'a') ~= ARGV[1] then
    return {'missing'}
end
return answer('found', clock_ms(), record_key)

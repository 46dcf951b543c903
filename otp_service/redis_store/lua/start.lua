-- Store a new verification with its first PIN and charge the number, or do neither.
-- needs     record, number_log
-- KEYS[1]   the record (of a fresh random id: nothing stands there)
-- KEYS[2]   the number's log
-- ARGV[1]   charge: what this verification's charges are called in the log
-- ARGV[2]   sliding budgets   ARGV[3] guess budget   ARGV[4] how long the log is kept, ms
-- ARGV[5]   life ms   ARGV[6] cooldown ms   ARGV[7] retention ms
-- ARGV[8]   PIN digest   ARGV[9] the first send's description: channel|template|language|
-- ARGV[10…] the record's other fields: name, value, …
-- returns   {stored, now, record} | {over_budget, which, wait ms}; which is 0 for the guess budget
-- why       one step: what was refused charged nothing, what was charged is stored

local record_key, log_key = KEYS[1], KEYS[2]
local charge_id, life_ms, retention_ms = ARGV[1], tonumber(ARGV[5]), tonumber(ARGV[7])
local now_ms = clock_ms()

local wait_ms, budget = start_wait(log_key, ARGV[2], ARGV[3], now_ms)
if wait_ms > 0 then
    return {'over_budget', budget, wait_ms}
end

local end_ms = ms(now_ms + life_ms)
redis.call('HSET', record_key, 's', PENDING, 'n', 1, 'o', 1,
    'l', ARGV[5], 'w', ARGV[6], 'h', ARGV[7],
    'e', end_ms, 'b', ms(now_ms + tonumber(ARGV[6])),
    'd1', ARGV[8], 'e1', end_ms, 's1', 'u|' .. ARGV[9], unpack(ARGV, 10))
redis.call('PEXPIREAT', record_key, ms(now_ms + life_ms + retention_ms))
charge(log_key, now_ms, tonumber(ARGV[4]), 's' .. charge_id, 'm' .. charge_id .. 1)
return answer('stored', now_ms, record_key)

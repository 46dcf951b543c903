-- Store a new verification with its first PIN and charge the number, or do neither.
-- needs     record, number_log, audit
-- KEYS[1]   the record (of a fresh random id: nothing stands there)
-- KEYS[2]   the number's log   KEYS[3] the mark that Viber refuses the number
-- ARGV[1]   charge: what this verification's charges are called in the log
-- ARGV[2]   sliding budgets   ARGV[3] guess budget   ARGV[4] how long the log is kept, ms
-- ARGV[5]   life ms   ARGV[6] cooldown ms   ARGV[7] retention ms
-- ARGV[8]   PIN digest   ARGV[9] channels, in the order they are tried
-- ARGV[10]  template, for a channel that has templates   ARGV[11] language
-- ARGV[12…] the record's other fields: name, value, …
-- returns   {stored, now, record} | {over_budget, which, wait ms}; which is 0 for the guess budget
-- why       one step: what was refused charged nothing, what was charged is stored

local record_key, log_key, mark_key, charge_id = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local now_ms = clock_ms()

local wait_ms, budget = start_wait(log_key, ARGV[2], ARGV[3], now_ms)
if wait_ms > 0 then
    note(now_ms, 'n', used_up(ARGV[2], ARGV[3], budget, wait_ms), '')
    return {'over_budget', budget, wait_ms}
end

redis.call('HSET', record_key, 's', PENDING, 'l', ARGV[5], 'w', ARGV[6], 'h', ARGV[7],
    't', ARGV[10], 'g', ARGV[11], unpack(ARGV, 12))
local channel = open_channel(ARGV[9], mark_key)
store_send(record_key, 1, 1, channel, ARGV[8], now_ms, {
    life_ms = ARGV[5], cooldown_ms = ARGV[6], retention_ms = ARGV[7],
    template = ARGV[10], language = ARGV[11]})
charge(log_key, now_ms, tonumber(ARGV[4]), 's' .. charge_id, 'm' .. charge_id .. 1)
note(now_ms, 's', channel)
return answer('stored', now_ms, record_key)

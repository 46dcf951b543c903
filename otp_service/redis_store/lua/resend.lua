-- Store one more PIN of a pending verification and charge its message, or do neither.
-- needs     record, number_log
-- KEYS[1]   the record   KEYS[2] the number's log
-- ARGV[1]   application   ARGV[2] charge
-- ARGV[3]   sliding budgets   ARGV[4] guess budget   ARGV[5] how long the log is kept, ms
-- ARGV[6]   PIN digest   ARGV[7] channel
-- returns   {stored, now, record} | {missing} | {ended, status} | {too_soon, wait ms}
--           | {no_sends_left, wait ms until a new start is allowed} | {over_budget, which, wait ms}
-- why       wrong guesses made elsewhere are no concern of a living verification: the guess budget
--           only tells how long a caller without sends must wait for a new start

local record_key, log_key = KEYS[1], KEYS[2]
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'n', 'y', 'b', 'o', 'l', 'w', 'h', 't', 'g')
local refused = refusal(fields, ARGV[1], now_ms)
if refused then
    return refused
end

local sends_made = tonumber(fields[4])
if sends_made >= tonumber(fields[5]) then
    local wait_ms = start_wait(log_key, ARGV[3], ARGV[4], now_ms)
    return {'no_sends_left', wait_ms}
end
if now_ms < tonumber(fields[6]) then
    return {'too_soon', tonumber(fields[6]) - now_ms}
end
local wait_ms, budget = sliding_wait(charges(log_key), 'm', ARGV[3], now_ms)
if wait_ms > 0 then
    return {'over_budget', budget, wait_ms}
end

local send = tonumber(fields[7]) + 1
local end_ms = now_ms + tonumber(fields[8])
local cooldown_ms = tonumber(fields[9]) * 2 ^ sends_made
redis.call('HSET', record_key, 'n', sends_made + 1, 'o', send,
    'e', ms(end_ms), 'b', ms(now_ms + cooldown_ms),
    'd' .. send, ARGV[6], 'e' .. send, ms(end_ms),
    's' .. send, 'u|' .. ARGV[7] .. '|' .. fields[11] .. '|' .. fields[12] .. '|')
redis.call('PEXPIREAT', record_key, ms(end_ms + tonumber(fields[10])))
charge(log_key, now_ms, tonumber(ARGV[5]), 'm' .. ARGV[2] .. send)
return answer('stored', now_ms, record_key)

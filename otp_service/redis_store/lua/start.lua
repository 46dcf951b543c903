-- Store a new verification with its first PIN and charge the number, or do neither.
-- needs     record, number_log, owners, audit
-- KEYS[1]   the record
-- KEYS[2]   the number's log   KEYS[3] the mark that Viber refuses the number
-- KEYS[4]   the number's owners
-- ARGV[1]   charge: what this verification's charges are called in the log
-- ARGV[2]   sliding budgets   ARGV[3] guess budget   ARGV[4] how long the log is kept, ms
-- ARGV[5]   PIN digest   ARGV[6] channels, in the order they are tried
-- ARGV[7]   tag of the address it is started from, or empty, as for a test number   ARGV[8] owners' rule
-- ARGV[9…]  the record's other fields: name, value, …
-- returns   {stored, now, record} | {over_budget, which, wait ms, 1 if an owner's or 0}; which
--           is 0 for the guess budget
--           | {standing} (a start with the same Idempotency-Key that broke off had stored it)
-- why       one step: what was refused charged nothing, what was charged is stored; and the record
--           names the account, since its address may be an owner's no more when it is charged again

local record_key, log_key, mark_key, charge_id = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local now_ms = clock_ms()

if redis.call('EXISTS', record_key) == 1 then
    return {'standing'}
end
local account = account_of_address(
    KEYS[4], log_key, ARGV[7], ARGV[8], now_ms, tonumber(ARGV[4]))
local wait_ms, budget = start_wait(log_key, account, ARGV[2], ARGV[3], now_ms)
if wait_ms > 0 then
    note(now_ms, 'n', used_up(ARGV[2], ARGV[3], budget, wait_ms), '')
    return {'over_budget', budget, wait_ms, account == STRANGERS and 0 or 1}
end

redis.call('HSET', record_key, 's', PENDING, unpack(ARGV, 9))
if account ~= STRANGERS then
    redis.call('HSET', record_key, 'O', ARGV[7])
end
local channel = open_channel(ARGV[6], mark_key)
local rules = rules_of(record_key, redis.call('HGET', record_key, 'R'))
store_send(record_key, 1, 1, channel, ARGV[5], now_ms, rules)
if redis.call('HEXISTS', record_key, 'B') == 1 then
    charge(log_key, now_ms, tonumber(ARGV[4]), 't' .. charge_id)
else
    charge(log_key, now_ms, tonumber(ARGV[4]),
        's' .. account .. charge_id, 'm' .. account .. charge_id .. 1)
end
note(now_ms, 's', channel)
return answer('stored', now_ms, record_key)

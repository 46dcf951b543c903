-- Store one more PIN of a pending verification and charge its message, or do neither.
-- needs     record, number_log, owners
-- KEYS[1]   the record   KEYS[2] the number's log   KEYS[3] the mark that Viber refuses the number
-- KEYS[4]   the number's owners
-- ARGV[1]   application   ARGV[2] charge
-- ARGV[3]   sliding budgets   ARGV[4] guess budget   ARGV[5] how long the log is kept, ms
-- ARGV[6]   PIN digest   ARGV[7] channels, in the order they are wanted
-- ARGV[8]   the send that failed, where this one stands in for it; else empty
-- ARGV[9]   how long to remember that Viber refuses the number, ms; 0 for not at all
-- ARGV[10]  owners' rule   ARGV[11] the client token's id, or empty
-- returns   {stored, now, record} | {missing} | {ended, status} | {too_soon, wait ms}
--           | {no_sends_left, wait ms until a new start is allowed}
--           | {over_budget, which, wait ms, 1 if an owner's or 0}
--           | {not_the_tokens} | {not_needed, 0} (another message went over this channel already)
-- why       wrong guesses made elsewhere are no concern of a living verification: the guess budget
--           only tells how long a caller without sends must wait for a new start, from the same
--           address. A test number's verification sends nothing: it charges nothing, and its one PIN
--           lives on in the new send

local record_key, log_key, mark_key, failed_send = KEYS[1], KEYS[2], KEYS[3], ARGV[8]
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'n', 'y', 'b', 'o', 'l', 'w', 'h', 't', 'g',
    'O', 'ip', 'B')
local refused = refusal(fields, ARGV[1], now_ms)
if refused and refused[1] == 'missing' then
    return refused
end
local strangers = not_the_tokens(record_key, ARGV[11])
if strangers then
    return strangers
end
mark_refused(mark_key, ARGV[9])
if refused then
    return refused
end

local channel = open_channel(ARGV[7], mark_key)
local newest_send = tonumber(fields[7])
local function has_gone_over(wanted)
    for send = 1, newest_send do
        local described = redis.call('HGET', record_key, 's' .. send)
        if described and string.sub(described, 3, 3) == wanted then
            return true
        end
    end
    return false
end
local stands_in = failed_send ~= ''
if stands_in and redis.call('HEXISTS', record_key, 's' .. failed_send) == 0 then
    return {'missing'}
end
if stands_in and has_gone_over(channel) then
    return {'not_needed', 0}
end

local is_test, sliding = fields[15], fields[15] or ARGV[3]
local sends_made = tonumber(fields[4])
if sends_made >= tonumber(fields[5]) then
    local next_account = is_test and STRANGERS or account_of_address(
        KEYS[4], log_key, fields[14] or '', ARGV[10], now_ms, tonumber(ARGV[5]))
    local wait_ms = start_wait(log_key, next_account, sliding, ARGV[4], now_ms)
    return {'no_sends_left', wait_ms}
end
if not stands_in and now_ms < tonumber(fields[6]) then
    return {'too_soon', tonumber(fields[6]) - now_ms}
end
local account = account_named(fields[13])
local wait_ms, budget = sliding_wait(charges(log_key, account), 'm', sliding, now_ms)
if wait_ms > 0 then
    return {'over_budget', budget, wait_ms, account == STRANGERS and 0 or 1}
end

local send = newest_send + 1
local digest = is_test and redis.call('HGET', record_key, 'd' .. newest_send) or ARGV[6]
store_send(record_key, send, sends_made + 1, channel, digest, now_ms, {
    life_ms = fields[8], cooldown_ms = fields[9], retention_ms = fields[10],
    template = fields[11], language = fields[12]})
if not is_test then
    charge(log_key, now_ms, tonumber(ARGV[5]), 'm' .. account .. ARGV[2] .. send)
end
return answer('stored', now_ms, record_key)

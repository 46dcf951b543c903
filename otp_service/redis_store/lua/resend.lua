-- Store one more PIN of a pending verification and charge its message, or do neither.
-- needs     record, number_log, owners, idempotency, audit
-- KEYS[1]   the record   KEYS[2] the number's log   KEYS[3] the mark that Viber refuses the number
-- KEYS[4]   the number's owners   KEYS[5] the kept answer, with an Idempotency-Key
-- ARGV[1]   application   ARGV[2] charge
-- ARGV[3]   sliding budgets   ARGV[4] guess budget   ARGV[5] how long the log is kept, ms
-- ARGV[6]   PIN digest   ARGV[7] channels, in the order they are wanted
-- ARGV[8]   the send that failed, where this one stands in for it; else empty
-- ARGV[9]   how long to remember that Viber refuses the number, ms; 0 for not at all
-- ARGV[10]  1 to go on with a start that broke off, which knows no cooldown; else 0
-- ARGV[11]  fingerprint of the body, with an Idempotency-Key
-- ARGV[12]  owners' rule   ARGV[13] the client token's id, or empty
-- returns   {stored, now, record} | {missing} | {ended, status} | {too_soon, wait ms}
--           | {no_sends_left, wait ms until a new start is allowed}
--           | {over_budget, which, wait ms, 1 if an owner's or 0}
--           | {not_the_tokens} | {not_needed, 0} (another message went over this channel already)
--           | {replayed, the first answer} | {running, wait ms} | {reused}
-- why       wrong guesses made elsewhere are no concern of a living verification: the guess budget
--           only tells how long a caller without sends must wait for a new start, from the same
--           address. A test number's verification sends nothing: it charges nothing, and its one PIN
--           lives on in the new send

local record_key, log_key, mark_key, failed_send = KEYS[1], KEYS[2], KEYS[3], ARGV[8]
local entry_key, fingerprint = KEYS[5], ARGV[11]
local earlier = earlier_answer(entry_key, fingerprint)
if earlier then
    return earlier
end
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'n', 'o', 'R', 'O', 'ip', 'B')
local refused = refusal(fields, ARGV[1], now_ms)
if refused and refused[1] == 'missing' then
    return refused
end
local strangers = not_the_tokens(record_key, ARGV[13])
if strangers then
    return strangers
end
mark_refused(mark_key, ARGV[9])
local stands_in = failed_send ~= ''
local function note_refused(detail)
    note(now_ms, stands_in and 'F' or 'R', detail)
end
if refused then
    -- A receipt may come any number of times; that nothing is left to stand in for is no decision.
    if not stands_in then
        note_refused(refused_for('ended:' .. refused[2], 0))
    end
    return kept_ending(entry_key, fingerprint, record_key, refused)
end

local channel = open_channel(ARGV[7], mark_key)
local newest_send = tonumber(fields[5] or fields[4])
local function has_gone_over(wanted)
    for send = 1, newest_send do
        local described = redis.call('HGET', record_key, 's' .. send)
        if described and string.sub(described, 3, 3) == wanted then
            return true
        end
    end
    return false
end
if stands_in and redis.call('HEXISTS', record_key, 's' .. failed_send) == 0 then
    return {'missing'}
end
if stands_in and has_gone_over(channel) then
    return {'not_needed', 0}
end

local is_test, sliding = fields[9], fields[9] or ARGV[3]
local sends_made, rules = tonumber(fields[4]), rules_of(record_key, fields[6])
if sends_made >= rules.sends then
    local next_account = is_test and STRANGERS or account_of_address(
        KEYS[4], log_key, fields[8] or '', ARGV[12], now_ms, tonumber(ARGV[5]))
    local wait_ms = start_wait(log_key, next_account, sliding, ARGV[4], now_ms)
    note_refused(refused_for('no_sends_left', wait_ms))
    return {'no_sends_left', wait_ms}
end
local until_ms = resend_from_ms(tonumber(fields[3]), sends_made, rules) - now_ms
if not stands_in and ARGV[10] ~= '1' and until_ms > 0 then
    note_refused(refused_for('too_soon', until_ms))
    return {'too_soon', until_ms}
end
local account = account_named(fields[7])
local wait_ms, budget = sliding_wait(charges(log_key, account), 'm', sliding, now_ms)
if wait_ms > 0 then
    note_refused(used_up(sliding, ARGV[4], budget, wait_ms))
    return {'over_budget', budget, wait_ms, account == STRANGERS and 0 or 1}
end

local send = newest_send + 1
local digest = is_test and redis.call('HGET', record_key, 'd' .. newest_send) or ARGV[6]
store_send(record_key, send, sends_made + 1, channel, digest, now_ms, rules)
if not is_test then
    charge(log_key, now_ms, tonumber(ARGV[5]), 'm' .. account .. ARGV[2] .. send)
end
note_running(entry_key, fingerprint)
note(now_ms, stands_in and 'f' or 'r', send .. channel)
return answer('stored', now_ms, record_key)

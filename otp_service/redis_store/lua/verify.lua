-- Count one guess and, if it is right, use the verification up.
-- needs     record, number_log, owners
-- KEYS[1]   the record   KEYS[2] the number's log   KEYS[3] the number's owners
-- ARGV[1]   application   ARGV[2] charge   ARGV[3] how long the log is kept, ms
-- ARGV[4]   proof life ms: an approval stays readable at least that long
-- ARGV[5]   owners' rule   ARGV[6] how many secrets are accepted: n
-- ARGV[7…]  n purpose digests, n PIN digests, n digests of the guess as a test number's fixed PIN,
--           which are empty if it is none; newest secret first each
-- ARGV[#ARGV]  the client token's id, or empty
-- returns   {approved, now, record, which send's PIN} | {incorrect, now, record}
--           | {exhausted_now, now, record} | {ended, status} | {missing} | {not_the_tokens}
-- why       exists, count, compare, use up are one step: any number of guesses side by side
--           evaluate at most the attempts there are, and one right code is approved once, which is
--           what makes its address an owner

local record_key, log_key = KEYS[1], KEYS[2]
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'k', 'o', 'q', 'h', 'O', 'ip', 'B')
local refused = refusal(fields, ARGV[1], now_ms)
if refused and refused[1] == 'missing' then
    return refused
end
refused = not_the_tokens(record_key, ARGV[#ARGV]) or refused
if refused then
    return refused
end
-- Only if the log could not be written at the last guess: that guess was counted all the same.
if tonumber(fields[4]) < 1 then
    return {'ended', EXHAUSTED}
end

local secrets = tonumber(ARGV[6])
local function accepted(digest, first)
    for at = first, first + secrets - 1 do
        if digest == ARGV[at] then
            return true
        end
    end
    return false
end

local newest_send, retention_ms = tonumber(fields[5]), tonumber(fields[7])
-- What the record was started as decides, whatever the settings say by now: of a test number only
-- the fixed PIN is right, of any other only what was drawn.
local pin_digests = fields[10] and 7 + 2 * secrets or 7 + secrets
if accepted(fields[6], 7) then
    for send = 1, newest_send do
        local pin = redis.call('HMGET', record_key, 'd' .. send, 'e' .. send)
        if pin[1] and now_ms < tonumber(pin[2]) and accepted(pin[1], pin_digests) then
            local keep_ms = math.max(retention_ms, tonumber(ARGV[4]))
            redis.call('HSET', record_key, 'v', ms(now_ms), 'r', send)
            close(record_key, APPROVED, newest_send, now_ms + keep_ms)
            if fields[9] and not fields[10] then
                remember_owner(KEYS[3], fields[9], ARGV[5], now_ms)
            end
            return answer('approved', now_ms, record_key, send)
        end
    end
end

local attempts_left = tonumber(fields[4]) - 1
redis.call('HSET', record_key, 'k', attempts_left)
charge(log_key, now_ms, tonumber(ARGV[3]), 
    'g' .. account_named(fields[8]) .. ARGV[2] .. attempts_left)
if attempts_left > 0 then
    return answer('incorrect', now_ms, record_key)
end
redis.call('HDEL', record_key, 'f')
close(record_key, EXHAUSTED, newest_send, now_ms + retention_ms)
return answer('exhausted_now', now_ms, record_key)

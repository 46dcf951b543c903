-- Count one guess and, if it is right, use the verification up.
-- needs     record, number_log, audit
-- KEYS[1]   the record   KEYS[2] the number's log
-- ARGV[1]   application   ARGV[2] charge   ARGV[3] how long the log is kept, ms
-- ARGV[4]   proof life ms: an approval stays readable at least that long
-- ARGV[5]   how many secrets are accepted: n
-- ARGV[6…]  n purpose digests, then n PIN digests, newest secret first
-- returns   {approved, now, record, which send's PIN} | {incorrect, now, record}
--           | {exhausted_now, now, record} | {ended, status} | {missing}
-- why       exists, count, compare, use up are one step: any number of guesses side by side
--           evaluate at most the attempts there are, and one right code is approved once

local record_key, log_key = KEYS[1], KEYS[2]
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'k', 'o', 'q', 'h')
local refused = refusal(fields, ARGV[1], now_ms)
if refused then
    -- A place where nothing stands is not written to: anybody can make up ids.
    if refused[1] == 'ended' then
        note(now_ms, 'G', refused[2])
    end
    return refused
end
-- Only if the log could not be written at the last guess: that guess was counted all the same.
if tonumber(fields[4]) < 1 then
    note(now_ms, 'G', EXHAUSTED)
    return {'ended', EXHAUSTED}
end

local secrets = tonumber(ARGV[5])
local function accepted(digest, first)
    for at = first, first + secrets - 1 do
        if digest == ARGV[at] then
            return true
        end
    end
    return false
end

local newest_send, retention_ms = tonumber(fields[5]), tonumber(fields[7])
if accepted(fields[6], 6) then
    for send = 1, newest_send do
        local pin = redis.call('HMGET', record_key, 'd' .. send, 'e' .. send)
        if pin[1] and now_ms < tonumber(pin[2]) and accepted(pin[1], 6 + secrets) then
            local keep_ms = math.max(retention_ms, tonumber(ARGV[4]))
            redis.call('HSET', record_key, 'v', ms(now_ms), 'r', send)
            close(record_key, APPROVED, newest_send, now_ms + keep_ms)
            note(now_ms, 'a', send)
            return answer('approved', now_ms, record_key, send)
        end
    end
end

local attempts_left = tonumber(fields[4]) - 1
redis.call('HSET', record_key, 'k', attempts_left)
charge(log_key, now_ms, tonumber(ARGV[3]), 'g' .. ARGV[2] .. attempts_left)
if attempts_left > 0 then
    note(now_ms, 'w', attempts_left)
    return answer('incorrect', now_ms, record_key)
end
redis.call('HDEL', record_key, 'f')
close(record_key, EXHAUSTED, newest_send, now_ms + retention_ms)
note(now_ms, 'x')
return answer('exhausted_now', now_ms, record_key)

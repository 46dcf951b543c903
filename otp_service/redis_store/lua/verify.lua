-- Count one guess and, if it is right, use the verification up.
-- needs     record, number_log, owners, idempotency, audit
-- KEYS[1]   the record   KEYS[2] the number's log   KEYS[3] the number's owners
-- KEYS[4]   the kept answer, with an Idempotency-Key
-- ARGV[1]   application   ARGV[2] charge   ARGV[3] how long the log is kept, ms
-- ARGV[4]   proof life ms: an approval stays readable at least that long
-- ARGV[5]   owners' rule   ARGV[6] how many secrets are accepted: n
-- ARGV[7…]  n purpose digests, n PIN digests, n digests of the guess as a test number's fixed PIN,
--           which are empty if it is none; newest secret first each; then the client token's id, or
--           empty; and last the fingerprint of the body, with an Idempotency-Key
-- returns   {approved, now, record, which send's PIN} | {incorrect, now, record}
--           | {exhausted_now, now, record} | {ended, status} | {missing} | {not_the_tokens}
--           | {replayed, the first answer} | {reused}
-- why       exists, count, compare, use up are one step: any number of guesses side by side
--           evaluate at most the attempts there are, and one right code is approved once, which is
--           what makes its address an owner

local record_key, log_key, entry_key, fingerprint = KEYS[1], KEYS[2], KEYS[4], ARGV[#ARGV]
local earlier = earlier_answer(entry_key, fingerprint)
if earlier then
    return earlier
end
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'k', 'o', 'q', 'R', 'O', 'ip', 'B', 'n')
local refused = refusal(fields, ARGV[1], now_ms)
-- A place where nothing stands is not written to: anybody can make up ids.
if refused and refused[1] == 'missing' then
    return refused
end
local strangers = not_the_tokens(record_key, ARGV[#ARGV - 1])
if strangers then
    return strangers
end
if refused then
    note(now_ms, 'G', refused[2])
    return kept_ending(entry_key, fingerprint, record_key, refused)
end
-- Only if the log could not be written at the last guess: that guess was counted all the same.
if tonumber(fields[4]) < 1 then
    note(now_ms, 'G', EXHAUSTED)
    return kept_ending(entry_key, fingerprint, record_key, {'ended', EXHAUSTED})
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

local newest_send = tonumber(fields[5] or fields[11])
local retention_ms = rules_of(record_key, fields[7]).retention_ms
-- What the record was started as decides, whatever the settings say by now: of a test number only
-- the fixed PIN is right, of any other only what was drawn.
local pin_digests = fields[10] and 7 + 2 * secrets or 7 + secrets
if accepted(fields[6], 7) then
    for send = 1, newest_send do
        local pin = redis.call('HMGET', record_key, 'd' .. send, 'e' .. send)
        if pin[1] and now_ms < tonumber(pin[2] or fields[3]) and accepted(pin[1], pin_digests) then
            local keep_ms = math.max(retention_ms, tonumber(ARGV[4]))
            redis.call('HSET', record_key, 'v', ms(now_ms), 'r', send)
            close(record_key, APPROVED, newest_send, now_ms + keep_ms)
            if fields[9] and not fields[10] then
                remember_owner(KEYS[3], fields[9], ARGV[5], now_ms)
            end
            note(now_ms, 'a', send)
            return kept(entry_key, fingerprint, answer('approved', now_ms, record_key, send))
        end
    end
end

local attempts_left = tonumber(fields[4]) - 1
redis.call('HSET', record_key, 'k', attempts_left)
charge(log_key, now_ms, tonumber(ARGV[3]), 
    'g' .. account_named(fields[8]) .. ARGV[2] .. attempts_left)
if attempts_left > 0 then
    note(now_ms, 'w', attempts_left)
    return kept(entry_key, fingerprint, answer('incorrect', now_ms, record_key))
end
redis.call('HDEL', record_key, 'f')
close(record_key, EXHAUSTED, newest_send, now_ms + retention_ms)
note(now_ms, 'x')
return kept(entry_key, fingerprint, answer('exhausted_now', now_ms, record_key))

-- Write down what became of one send, or take it back with its PIN and its charges.
-- needs     record, owners, idempotency, audit
-- KEYS[1]   the record   KEYS[2] the number's log   KEYS[3] the kept answer, with an Idempotency-Key
-- ARGV[1]   charge   ARGV[2] number of the send
-- ARGV[3]   accepted | unknown | taken_back   ARGV[4] the provider's request id, or empty
-- ARGV[5]   fingerprint of the request's body, with an Idempotency-Key
-- returns   {settled, now, record} | {gone} (its only send was taken back) | {missing}
-- why       a definite failure must leave nothing behind: no PIN, no charge, no lost resend

local record_key, log_key, charge_id, send, outcome = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
local entry_key, fingerprint = KEYS[3], ARGV[5]
local now_ms = clock_ms()
local state = redis.call('HGET', record_key, 's' .. send)
if not state then
    return {'missing'}
end
local message = send .. string.sub(state, 3, 3) .. ':'

if outcome ~= 'taken_back' then
    local letter = outcome == 'accepted' and 'a' or 'u'
    note(now_ms, letter == 'a' and 'y' or 'u', message .. (letter == 'a' and ARGV[4] or audit.reason))
    redis.call('HSET', record_key, 's' .. send, letter .. string.sub(state, 2) .. ARGV[4])
    return kept(entry_key, fingerprint, answer('settled', now_ms, record_key))
end

free_key(entry_key, fingerprint)
note(now_ms, 'd', message .. audit.reason)

local account = account_named(redis.call('HGET', record_key, 'O'))
redis.call('ZREM', log_key, 'm' .. account .. charge_id .. send)
local fields = redis.call('HMGET', record_key, 's', 'n', 'o', 'e', 'R')
local sends_left_standing = tonumber(fields[2]) - 1
local newest_send = tonumber(fields[3] or fields[2])
if sends_left_standing == 0 then
    redis.call('ZREM', log_key, 's' .. account .. charge_id)
    redis.call('DEL', record_key)
    return {'gone'}
end

redis.call('HDEL', record_key, 'd' .. send, 'e' .. send, 's' .. send)
redis.call('HSET', record_key, 'n', sends_left_standing, 'o', newest_send)
if fields[1] == PENDING then
    local end_ms, rules = 0, rules_of(record_key, fields[5])
    for other = 1, newest_send do
        local standing = redis.call('HMGET', record_key, 's' .. other, 'e' .. other)
        if standing[1] then
            end_ms = math.max(end_ms, tonumber(standing[2] or fields[4]))
        end
    end
    redis.call('HSET', record_key, 'e', ms(end_ms))
    if not rules.is_packed then
        redis.call('HSET', record_key, 'b', ms(resend_from_ms(end_ms, sends_left_standing, rules)))
    end
    redis.call('PEXPIREAT', record_key, ms(end_ms + rules.retention_ms))
end
return answer('settled', now_ms, record_key)

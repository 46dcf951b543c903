-- Shared by every operation: the store's clock, and one verification's record.
--
-- The record is one hash; field names are short because a million of them live at once:
--   R what never changes, below      a application     q purpose digest
--   u purpose, unless it is login    s status: p|a|x|c (pending, approved, exhausted, canceled)
--   f sealed phone                   ip tag of the address it was started from, if known
--   O the same, if it is an owner's, whose account of the number's log is charged
--   k attempts left n sends made     o number of the newest send, unless it is n
--   e end of the last PIN ms         v verified at ms  z proof consumed
--   i what a channel's message could not hold          x1, x2, … the message's texts, JSON in pieces
--   r the send whose PIN was right  K hash of the context, sealed             I endings kept (idempotency.lua)
--   T id of the client token it was started by, if it was
--   B of a test number's: its own sliding budgets, of starts; no message goes out
-- and for each send N: dN PIN digest, sN state|channel|template|language|request id, and eN end of
-- that PIN ms, but for the newest, whose end is e.
-- R: life|cooldown|retention|sends allowed|template, where a channel has them|language|why this
-- language|country|tag of the number's range|masked phone; times in ms, to the base 36.
--
-- The previous release's records have no R. They have all of it in fields, and some that follow from
-- others, and stay as they are:
--   l life ms   w cooldown ms   h retention ms   y sends allowed   t template   g language
--   j why this language   c country   p range   m masked phone   b resend allowed from ms
-- and always u, o and eN.

local PENDING, APPROVED, EXHAUSTED, CANCELED = 'p', 'a', 'x', 'c'

-- Redis' own clock, milliseconds since the Unix epoch.
local function clock_ms()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- A millisecond count without exponent, whatever its size.
local function ms(value)
    return string.format('%.0f', value)
end

-- The caller's answer: a status word, the moment, the whole record, and what else it needs.
local function answer(status, now_ms, record_key, extra)
    return {status, ms(now_ms), redis.call('HGETALL', record_key), extra}
end

-- What is fixed at a start, and whether it stands in one field.
-- packed: R, as HGET gives it
local function rules_of(record_key, packed)
    if packed then
        local life, cooldown, retention, sends, template, language =
            string.match(packed, '^(%w+)|(%w+)|(%w+)|(%w+)|(%w*)|([^|]*)|')
        return {is_packed = true, life_ms = tonumber(life, 36), cooldown_ms = tonumber(cooldown, 36),
            retention_ms = tonumber(retention, 36), sends = tonumber(sends),
            template = template, language = language}
    end
    local fields = redis.call('HMGET', record_key, 'l', 'w', 'h', 'y', 't', 'g')
    return {life_ms = tonumber(fields[1]), cooldown_ms = tonumber(fields[2]),
        retention_ms = tonumber(fields[3]), sends = tonumber(fields[4]),
        template = fields[5], language = fields[6]}
end

-- From when on a resend is allowed, ms.
local function resend_from_ms(end_ms, sends_made, rules)
    return end_ms - rules.life_ms + rules.cooldown_ms * 2 ^ (sends_made - 1)
end

-- Why nothing more is done with a verification, as an answer; nil while it is pending.
-- fields: its application, status and end, as HMGET gives them
local function refusal(fields, application, now_ms)
    if not fields[1] or fields[1] ~= application then
        return {'missing'}
    end
    if fields[2] ~= PENDING then
        return {'ended', fields[2]}
    end
    if now_ms >= tonumber(fields[3]) then
        return {'ended', 'e'}
    end
    return nil
end

-- The answer for a client token that did not start a verification; nil for the one that did, and
-- where no token was shown (empty), for an API key reaches all that its application started.
local function not_the_tokens(record_key, token)
    if token == '' or redis.call('HGET', record_key, 'T') == token then
        return nil
    end
    return {'not_the_tokens'}
end

-- The channel a message takes: the first of the wanted ones (letters, in their order) that is not
-- marked as refusing the number, else the first. Only Viber refuses numbers that are in use.
local function open_channel(channels, mark_key)
    for at = 1, #channels do
        local channel = string.sub(channels, at, at)
        if channel ~= 'v' or #channels == 1 or redis.call('EXISTS', mark_key) == 0 then
            return channel
        end
    end
    return string.sub(channels, 1, 1)
end

-- Remember for a while, from the first time, that Viber refuses the number.
local function mark_refused(mark_key, keep_ms)
    if tonumber(keep_ms) > 0 then
        redis.call('SET', mark_key, 1, 'PX', keep_ms, 'NX')
    end
end

-- Store one more PIN with its send, whose fate is not known yet.
local function store_send(record_key, send, sends_made, channel, digest, now_ms, rules)
    local end_ms = now_ms + rules.life_ms
    local template = channel == 'v' and rules.template or ''
    if redis.call('HEXISTS', record_key, 's' .. send - 1) == 1 then
        redis.call('HSETNX', record_key, 'e' .. send - 1, redis.call('HGET', record_key, 'e'))
    end
    redis.call('HSET', record_key, 'n', sends_made, 'e', ms(end_ms), 'd' .. send, digest,
        's' .. send, table.concat({'u', channel, template, rules.language, ''}, '|'))
    if send ~= sends_made or not rules.is_packed then
        redis.call('HSET', record_key, 'o', send)
    end
    if not rules.is_packed then
        redis.call('HSET', record_key, 'e' .. send, ms(end_ms),
            'b', ms(resend_from_ms(end_ms, sends_made, rules)))
    end
    redis.call('PEXPIREAT', record_key, ms(end_ms + rules.retention_ms))
end

-- Close a verification: no PIN is left to guess at, and it stays readable for a while.
local function close(record_key, status, newest_send, until_ms)
    for send = 1, newest_send do
        redis.call('HDEL', record_key, 'd' .. send)
    end
    redis.call('HDEL', record_key, 'q')
    redis.call('HSET', record_key, 's', status)
    redis.call('PEXPIREAT', record_key, ms(until_ms))
end

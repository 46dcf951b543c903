-- Shared: what was answered to a request with an Idempotency-Key, a hash beside the verification:
--   f fingerprint of its body   w status word of the answer, or running   t moment of the answer, ms
--   x what else the answer had
--   and with a dot in front the record's fields as they were then, but for digests and texts.
-- Without an Idempotency-Key there is no such key, and entry_key is nil.

local RUNNING = 'running'
local LOCK_MS, KEPT_MS = 30000, 86400000

-- How many endings are kept beside one verification. Answers that count something are as many as
-- there are attempts and sends, while an ended verification can be asked for ever.
local MAX_ENDINGS = 32

local function write_entry(entry_key, keep_ms, fields)
    redis.call('DEL', entry_key)
    redis.call('HSET', entry_key, unpack(fields))
    redis.call('PEXPIRE', entry_key, keep_ms)
end

-- What the request gets for an answer if it was asked before; nil if this is the first time.
-- {replayed, the first answer} | {running, how long it may yet, ms} | {reused}: another body
local function earlier_answer(entry_key, fingerprint)
    local flat = entry_key and redis.call('HGETALL', entry_key) or {}
    if #flat == 0 then
        return nil
    end
    local entry, record = {}, {}
    for at = 1, #flat, 2 do
        if string.sub(flat[at], 1, 1) == '.' then
            record[#record + 1] = string.sub(flat[at], 2)
            record[#record + 1] = flat[at + 1]
        else
            entry[flat[at]] = flat[at + 1]
        end
    end
    if entry.f ~= fingerprint then
        return {'reused'}
    end
    if entry.w == RUNNING then
        return {'running', math.max(1, redis.call('PTTL', entry_key))}
    end
    if entry.w == 'ended' then
        return {'replayed', {entry.w, entry.x}}
    end
    return {'replayed', {entry.w, entry.t, record, tonumber(entry.x)}}
end

-- Let the same request wait until this one is answered, or its time is over.
local function note_running(entry_key, fingerprint)
    if entry_key then
        write_entry(entry_key, LOCK_MS, {'f', fingerprint, 'w', RUNNING})
    end
end

-- Keep an answer with a record, and give it.
local function kept(entry_key, fingerprint, given)
    if entry_key then
        local fields = {'f', fingerprint, 'w', given[1], 't', given[2], 'x', given[4] or ''}
        local record = given[3]
        for at = 1, #record, 2 do
            local name = record[at]
            if name ~= 'q' and not string.find(name, '^[dx]%d+$') then
                fields[#fields + 1] = '.' .. name
                fields[#fields + 1] = record[at + 1]
            end
        end
        write_entry(entry_key, KEPT_MS, fields)
    end
    return given
end

-- Keep the answer that a verification has ended, and give it.
local function kept_ending(entry_key, fingerprint, record_key, given)
    if entry_key and redis.call('HINCRBY', record_key, 'I', 1) <= MAX_ENDINGS then
        write_entry(entry_key, KEPT_MS, {'f', fingerprint, 'w', given[1], 'x', given[2]})
    end
    return given
end

-- Let the same request be asked again, as if it never was.
local function free_key(entry_key, fingerprint)
    local fields = entry_key and redis.call('HMGET', entry_key, 'f', 'w') or {}
    if fields[1] == fingerprint and fields[2] == RUNNING then
        redis.call('DEL', entry_key)
    end
end

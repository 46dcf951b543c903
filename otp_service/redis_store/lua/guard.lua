-- Shared: the fraud guard's budgets of unverified starts, each over two counters: starts, approvals.
-- Needs record and window_counter.

local MOST_SHUT = 1000
-- What is shut is listed so much longer, for an entry may be a millisecond from its end.
local LISTED_LONGER_MS = 60000

-- Whether a window has no room for one more start.
local function guard_is_full(started, verified, floor, ratio)
    return math.max(0, started - verified) >= math.max(floor, math.floor(ratio * verified))
end

-- What will leave the window, {at ms, amount} each, in no order; `into` takes it under `kind`.
local function collect_leaving(into, kind, key, window_ms, now_ms)
    local _, began_ms, oldest = counter_state(key, window_ms, now_ms)
    for _, bucket in ipairs((living_buckets(key, oldest))) do
        local at_ms = began_ms + (bucket[1] + BUCKETS + 1) * bucket_length_ms(window_ms)
        into[#into + 1] = {at_ms = at_ms, kind = kind, amount = bucket[2]}
    end
end

-- How long until there is room for one more start if nothing else happens, ms; 0 if there is. Then
-- what was started and what was verified. Approvals leave the window as starts do, so one after the
-- other is taken off until there is room.
local function guard_wait(starts_key, approvals_key, window_ms, floor, ratio, now_ms)
    local started = counter_total(starts_key, window_ms, now_ms)
    local verified = counter_total(approvals_key, window_ms, now_ms)
    if not guard_is_full(started, verified, floor, ratio) then
        return 0, started, verified
    end
    local leaving, left = {}, {starts = started, approvals = verified}
    collect_leaving(leaving, 'starts', starts_key, window_ms, now_ms)
    collect_leaving(leaving, 'approvals', approvals_key, window_ms, now_ms)
    table.sort(leaving, function(one, other) return one.at_ms < other.at_ms end)
    for at, bucket in ipairs(leaving) do
        left[bucket.kind] = left[bucket.kind] - bucket.amount
        local is_last_of_moment = not leaving[at + 1] or leaving[at + 1].at_ms > bucket.at_ms
        if is_last_of_moment and not guard_is_full(left.starts, left.approvals, floor, ratio) then
            return bucket.at_ms - now_ms, started, verified
        end
    end
    return (BUCKETS + 1) * bucket_length_ms(window_ms), started, verified
end

-- Write down that an area is shut, and until when. Of too many, those that open first go.
local function note_shut(index_key, area, until_ms, now_ms)
    redis.call('ZREMRANGEBYSCORE', index_key, '-inf', ms(now_ms))
    redis.call('ZADD', index_key, ms(until_ms), area)
    redis.call('ZREMRANGEBYRANK', index_key, 0, -MOST_SHUT - 1)
    local last = redis.call('ZREVRANGE', index_key, 0, 0, 'WITHSCORES')
    redis.call('PEXPIRE', index_key, ms(tonumber(last[2]) - now_ms + LISTED_LONGER_MS))
end

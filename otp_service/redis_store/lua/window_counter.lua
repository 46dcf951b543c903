-- Shared: a counter over a sliding window, one small hash whatever the traffic.
-- Fields: b the moment bucket 0 begins, ms; t the total; o no bucket is older than this one;
--         0, 1, 2, … what was counted while that bucket ran.
--
-- A bucket is a sixtieth of the window, rounded up to a whole ms, and leaves once all of it is a
-- window old: in no window there is ever more than was allowed, and what was counted leaves at most
-- one bucket late. Sixty-one buckets at the most count at a time, so the hash stays small enough
-- for Redis' compact form.
--
-- Use it as: counter_wait for every counter, then, only if each gave 0, counter_add for every one.
-- Needs record for clock_ms and ms; call clock_ms once a script and pass the moment on.

local BUCKETS = 60

local function bucket_length_ms(window_ms)
    return math.ceil(window_ms / BUCKETS)
end

-- The buckets that still count, {number, amount} each, oldest first, and the total of them.
local function living_buckets(key, oldest)
    local buckets, total = {}, 0
    local flat = redis.call('HGETALL', key)
    for at = 1, #flat, 2 do
        local number = tonumber(flat[at])
        if number and number >= oldest then
            buckets[#buckets + 1] = {number, tonumber(flat[at + 1])}
            total = total + buckets[#buckets][2]
        end
    end
    table.sort(buckets, function(one, other) return one[1] < other[1] end)
    return buckets, total
end

-- What counts now, when bucket 0 began, and the number of the oldest bucket that may count.
-- One look at three fields, but for the first time after a bucket left.
local function counter_state(key, window_ms, now_ms)
    local fields = redis.call('HMGET', key, 't', 'o', 'b')
    if not fields[1] then
        return 0, now_ms, 0
    end
    local began_ms = tonumber(fields[3])
    local oldest = math.floor((now_ms - began_ms) / bucket_length_ms(window_ms)) - BUCKETS
    if tonumber(fields[2]) >= oldest then
        return tonumber(fields[1]), began_ms, oldest
    end
    local _, total = living_buckets(key, oldest)
    return total, began_ms, oldest
end

-- What was counted in the window that ends now.
local function counter_total(key, window_ms, now_ms)
    return (counter_state(key, window_ms, now_ms))
end

-- How long until `amount` more is within the limit, ms; 0 if it is. Changes nothing.
-- What is more than the whole limit never is: then as long as a window takes to empty.
local function counter_wait(key, window_ms, now_ms, limit, amount)
    local total, began_ms, oldest = counter_state(key, window_ms, now_ms)
    local too_much = total + amount - limit
    if too_much <= 0 then
        return 0
    end
    local length_ms = bucket_length_ms(window_ms)
    for _, bucket in ipairs((living_buckets(key, oldest))) do
        too_much = too_much - bucket[2]
        if too_much <= 0 then
            return began_ms + (bucket[1] + BUCKETS + 1) * length_ms - now_ms
        end
    end
    return (BUCKETS + 1) * length_ms
end

-- Drop what does not count any more.
local function drop_dead_buckets(key, oldest)
    local fields = redis.call('HGETALL', key)
    for at = 1, #fields, 2 do
        local number = tonumber(fields[at])
        if number and number < oldest then
            redis.call('HDEL', key, fields[at])
        end
    end
    local buckets, total = living_buckets(key, oldest)
    redis.call('HSET', key, 't', ms(total), 'o', ms(buckets[1] and buckets[1][1] or oldest))
end

-- Count `amount` more, a whole number, whether or not it is within any limit.
local function counter_add(key, window_ms, now_ms, amount)
    local length_ms = bucket_length_ms(window_ms)
    local fields = redis.call('HMGET', key, 'b', 'o')
    local began_ms, oldest_kept = tonumber(fields[1] or now_ms), tonumber(fields[2] or 0)
    local current = math.floor((now_ms - began_ms) / length_ms)
    if not fields[1] then
        redis.call('HSET', key, 'b', ms(now_ms), 'o', 0)
    elseif oldest_kept < current - BUCKETS then
        drop_dead_buckets(key, current - BUCKETS)
    end
    redis.call('HINCRBY', key, ms(current), ms(amount))
    redis.call('HINCRBY', key, 't', ms(amount))
    redis.call('PEXPIRE', key, ms(began_ms + (current + BUCKETS + 1) * length_ms - now_ms))
end

-- Take back `amount` that was added at `added_ms` by this clock. What left meanwhile is not taken
-- twice; a counter that nothing is left in goes.
local function counter_take_back(key, window_ms, now_ms, added_ms, amount)
    local total, began_ms, oldest = counter_state(key, window_ms, now_ms)
    local number = math.floor((added_ms - began_ms) / bucket_length_ms(window_ms))
    local held = number >= oldest and tonumber(redis.call('HGET', key, ms(number)) or 0) or 0
    if held < amount or amount <= 0 then
        return
    end
    if total == amount then
        redis.call('DEL', key)
    elseif held == amount then
        redis.call('HDEL', key, ms(number))
        redis.call('HINCRBY', key, 't', ms(-amount))
    else
        redis.call('HINCRBY', key, ms(number), ms(-amount))
        redis.call('HINCRBY', key, 't', ms(-amount))
    end
end

-- Whether a charge is given back for the first time: the mark is named after the charge's id. It
-- stands longer than any charge may be given back, which is what keeps it exact; a counter that
-- kept the ids itself would grow with every failure of a provider.
local function is_first_return(mark_key, now_ms, charged_ms, returnable_ms)
    if now_ms - charged_ms >= returnable_ms then
        return false
    end
    return redis.call('SET', mark_key, 1, 'PX', ms(returnable_ms), 'NX') and true or false
end

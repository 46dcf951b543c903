-- Shared: the log of one number of one application, a sorted set of charges by their time in ms.
-- Members: s<account><charge> a start, m<account><charge><send> a message,
-- g<account><charge><attempts left> a wrong guess, t<charge> a start as a test number, which is the
-- strangers' always. account: as owners.lua has it, a text that ends in a colon, or nothing; budgets
-- of one account see the charges of that account alone.

local function account_in(member)
    local colon = string.find(member, ':', 2, true)
    return string.sub(member, 2, colon or 1)
end

-- The times of all charges to one account, oldest first, one list a kind.
local function charges(log_key, account)
    local times = {s = {}, m = {}, g = {}, t = {}}
    local flat = redis.call('ZRANGE', log_key, 0, -1, 'WITHSCORES')
    for at = 1, #flat, 2 do
        local member = flat[at]
        if account_in(member) == account then
            local list = times[string.sub(member, 1, 1)]
            list[#list + 1] = tonumber(flat[at + 1])
        end
    end
    return times
end

-- How long until a window has room for one charge more; 0 if it has. The limit-th newest charge
-- decides: while it is inside the window, the window is full.
local function window_wait(list, limit, window_ms, now_ms)
    local deciding = list[#list - limit + 1]
    if not deciding then
        return 0
    end
    return math.max(0, deciding + window_ms - now_ms)
end

-- The longest wait among the sliding budgets of the kinds asked for, and which one it is.
-- spec: "s 5 3600000;m 10 3600000": kind, limit, window in ms.
local function sliding_wait(times, kinds, spec, now_ms)
    local longest, budget, index = 0, 0, 0
    for kind, limit, window_ms in string.gmatch(spec, '(%a) (%d+) (%d+)') do
        index = index + 1
        if string.find(kinds, kind, 1, true) then
            local wait = window_wait(times[kind], tonumber(limit), tonumber(window_ms), now_ms)
            if wait > longest then
                longest, budget = wait, index
            end
        end
    end
    return longest, budget
end

-- How long wrong guesses keep new starts away. With the limit used up, the wait runs from the last
-- wrong guess and grows with every further `step` of them.
-- spec: "20 86400000 5 60000 300000 …": limit, window in ms, step, the waits in ms.
local function guess_wait(times, spec, now_ms)
    local numbers = {}
    for number in string.gmatch(spec, '%d+') do
        numbers[#numbers + 1] = tonumber(number)
    end
    local limit, window_ms, step = numbers[1], numbers[2], numbers[3]
    local guesses = times.g
    local until_room = window_wait(guesses, limit, window_ms, now_ms)
    if until_room == 0 then
        return 0
    end
    local inside = 0
    for at = 1, #guesses do
        if guesses[at] > now_ms - window_ms then
            inside = inside + 1
        end
    end
    local stage = math.min(math.floor((inside - limit) / step) + 1, #numbers - 3)
    local wait = guesses[#guesses] + numbers[3 + stage] - now_ms
    return math.max(0, math.min(wait, until_room))
end

-- How long until an account is allowed a new start, and which budget says so; 0 for the guess budget.
local function start_wait(log_key, account, sliding_spec, guess_spec, now_ms)
    local times = charges(log_key, account)
    local wait, budget = sliding_wait(times, 'smt', sliding_spec, now_ms)
    local guessed = guess_wait(times, guess_spec, now_ms)
    if guessed > wait then
        return guessed, 0
    end
    return wait, budget
end

-- Write charges down; what no window reaches any more goes.
local function charge(log_key, now_ms, keep_ms, ...)
    redis.call('ZREMRANGEBYSCORE', log_key, '-inf', ms(now_ms - keep_ms))
    for _, member in ipairs({...}) do
        redis.call('ZADD', log_key, ms(now_ms), member)
    end
    redis.call('PEXPIRE', log_key, keep_ms)
end

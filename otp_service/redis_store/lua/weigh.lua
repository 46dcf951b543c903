-- Show how far each budget of a number is used by strangers to it, and for how long it holds.
-- needs     record, number_log, owners
-- KEYS[1]   the number's log
-- ARGV[1]   sliding budgets   ARGV[2] guess budget
-- returns   {weighed, now, {used, wait ms, …}}: the sliding budgets in their order, then the guesses
-- why       by the same rules and the same clock as the operations that charge

local log_key, sliding_spec, guess_spec = KEYS[1], ARGV[1], ARGV[2]
local now_ms = clock_ms()
local times = charges(log_key, STRANGERS)

local function used(list, window_ms)
    local inside = 0
    for at = 1, #list do
        if list[at] > now_ms - window_ms then
            inside = inside + 1
        end
    end
    return inside
end

local figures = {}
local function add(kind, window_ms, wait_ms)
    figures[#figures + 1] = used(times[kind], tonumber(window_ms))
    figures[#figures + 1] = wait_ms
end
for kind, limit, window_ms in string.gmatch(sliding_spec, '(%a) (%d+) (%d+)') do
    add(kind, window_ms, window_wait(times[kind], tonumber(limit), tonumber(window_ms), now_ms))
end
add('g', string.match(guess_spec, '^%d+ (%d+)'), guess_wait(times, guess_spec, now_ms))
return {'weighed', ms(now_ms), figures}

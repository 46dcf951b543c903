-- Show how far each budget of a number is used, and for how long it holds, each account apart.
-- needs     record, number_log, owners
-- KEYS[1]   the number's log
-- ARGV[1]   sliding budgets   ARGV[2] guess budget
-- returns   {weighed, now, account, {used, wait ms, …}, …}: the strangers' account first, then those
--           of owners that anything is charged to, as owners.lua names them; of each the sliding
--           budgets in their order, then the guesses
-- why       by the same rules and the same clock as the operations that charge

local log_key, sliding_spec, guess_spec = KEYS[1], ARGV[1], ARGV[2]
local now_ms = clock_ms()

local function used(list, window_ms)
    local inside = 0
    for at = 1, #list do
        if list[at] > now_ms - window_ms then
            inside = inside + 1
        end
    end
    return inside
end

local function figures_of(account)
    local times, figures = charges(log_key, account), {}
    local function add(kind, window_ms, wait_ms)
        figures[#figures + 1] = used(times[kind], tonumber(window_ms))
        figures[#figures + 1] = wait_ms
    end
    for kind, limit, window_ms in string.gmatch(sliding_spec, '(%a) (%d+) (%d+)') do
        add(kind, window_ms, window_wait(times[kind], tonumber(limit), tonumber(window_ms), now_ms))
    end
    add('g', string.match(guess_spec, '^%d+ (%d+)'), guess_wait(times, guess_spec, now_ms))
    return figures
end

local answer = {'weighed', ms(now_ms), STRANGERS, figures_of(STRANGERS)}
local seen = {[STRANGERS] = true}
for _, member in ipairs(redis.call('ZRANGE', log_key, 0, -1)) do
    local account = account_in(member)
    if not seen[account] then
        seen[account] = true
        answer[#answer + 1] = account
        answer[#answer + 1] = figures_of(account)
    end
end
return answer

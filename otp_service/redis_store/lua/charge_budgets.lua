-- Charge budgets outside the number's slot, all of them or none.
-- needs     record, window_counter
-- KEYS[1]   a counter; each further key is one too, all in one slot
-- ARGV      for each: limit, window ms, amount; an amount of 0 asks whether there is room for one
--           more and counts nothing
-- returns   {charged, now} | {over_budget, which, wait ms}: the one that holds longest, from 1
-- why       one step: what was refused charged nothing, and no two callers take the last place

local now_ms = clock_ms()
local longest_ms, which = 0, 0
for at, key in ipairs(KEYS) do
    local limit, window_ms, amount = tonumber(ARGV[at * 3 - 2]), tonumber(ARGV[at * 3 - 1]), tonumber(ARGV[at * 3])
    local wait_ms = counter_wait(key, window_ms, now_ms, limit, math.max(amount, 1))
    if wait_ms > longest_ms then
        longest_ms, which = wait_ms, at
    end
end
if which > 0 then
    return {'over_budget', which, longest_ms}
end

for at, key in ipairs(KEYS) do
    local window_ms, amount = tonumber(ARGV[at * 3 - 1]), tonumber(ARGV[at * 3])
    if amount > 0 then
        counter_add(key, window_ms, now_ms, amount)
    end
end
return {'charged', ms(now_ms)}

-- Judge a start by what stays unverified around it and, unless it is refused, count it.
-- needs     record, window_counter, guard
-- KEYS[1…]  for each area: what is shut of its kind, the mark that it was opened, then for each
--           budget the counter of starts and that of approvals; all in one slot
-- ARGV[1]   1 if a start that is over a budget is refused, 0 if it is only told of
-- ARGV[2]   how many budgets each area has
-- ARGV[3…]  for each area: its name, then for each budget window ms, floor, ratio
-- returns   {counted | opened | over | refused, now, which, wait ms}: which budget holds longest,
--           from 1 over all areas, 0 for none; opened: over, but somebody opened the area; over:
--           counted all the same; refused: not counted
-- why       one step, so that no two callers take the last place; looking is on both counters

local is_refusing, budgets = ARGV[1] == '1', tonumber(ARGV[2])
local keys_an_area, arguments_an_area = 2 + 2 * budgets, 1 + 3 * budgets
local now_ms = clock_ms()

-- The longest wait of each kind: where nobody opened the area, and where somebody did.
local shut, opened = {wait_ms = 0, which = 0}, {wait_ms = 0, which = 0}
for area = 0, #KEYS / keys_an_area - 1 do
    local key, argument = area * keys_an_area, 2 + area * arguments_an_area
    local longest_ms, which = 0, 0
    for budget = 0, budgets - 1 do
        local starts_key, at = KEYS[key + 3 + 2 * budget], argument + 2 + 3 * budget
        local wait_ms = guard_wait(starts_key, KEYS[key + 4 + 2 * budget],
            tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), now_ms)
        if wait_ms > longest_ms then
            longest_ms, which = wait_ms, area * budgets + budget + 1
        end
    end
    if longest_ms > 0 then
        note_shut(KEYS[key + 1], ARGV[argument + 1], now_ms + longest_ms, now_ms)
        local kind = redis.call('EXISTS', KEYS[key + 2]) == 1 and opened or shut
        if longest_ms > kind.wait_ms then
            kind.wait_ms, kind.which = longest_ms, which
        end
    end
end
if is_refusing and shut.which > 0 then
    return {'refused', ms(now_ms), shut.which, shut.wait_ms}
end

for area = 0, #KEYS / keys_an_area - 1 do
    for budget = 0, budgets - 1 do
        local window_ms = tonumber(ARGV[2 + area * arguments_an_area + 2 + 3 * budget])
        counter_add(KEYS[area * keys_an_area + 3 + 2 * budget], window_ms, now_ms, 1)
    end
end
if shut.which > 0 then
    return {'over', ms(now_ms), shut.which, shut.wait_ms}
end
if opened.which > 0 then
    return {'opened', ms(now_ms), opened.which, opened.wait_ms}
end
return {'counted', ms(now_ms), 0, 0}

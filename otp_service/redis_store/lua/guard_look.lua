-- Show how an area stands with the fraud guard.
-- needs     record, window_counter, guard
-- KEYS[1]   the mark that it was opened   KEYS[2], KEYS[3], … for each budget its starts and its
--           approvals
-- ARGV[1…]  for each budget: window ms, floor, ratio
-- returns   {now, how long it stays opened ms, then for each budget started, verified, wait ms}
-- why       what is shown is what the next start would be judged by

local now_ms = clock_ms()
local told = {ms(now_ms), math.max(0, redis.call('PTTL', KEYS[1]))}
for budget = 0, (#KEYS - 1) / 2 - 1 do
    local at = 1 + 3 * budget
    local wait_ms, started, verified = guard_wait(KEYS[2 + 2 * budget], KEYS[3 + 2 * budget],
        tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), now_ms)
    told[#told + 1], told[#told + 2], told[#told + 3] = started, verified, wait_ms
end
return told

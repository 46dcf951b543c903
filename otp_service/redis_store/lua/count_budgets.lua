-- Count what has happened already, whatever the limits say.
-- needs     record, window_counter
-- KEYS[1]   a counter; each further key is one too, all in one slot
-- ARGV      for each: window ms, amount
-- returns   {counted}
-- why       a wrong guess was made, and is answered, before these budgets hear of it: they only keep
--           new starts away

local now_ms = clock_ms()
for at, key in ipairs(KEYS) do
    counter_add(key, tonumber(ARGV[at * 2 - 1]), now_ms, tonumber(ARGV[at * 2]))
end
return {'counted'}

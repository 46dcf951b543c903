-- Give the charges of one id back, once.
-- needs     record, window_counter
-- KEYS[1]   the mark that this charge was given back   KEYS[2…] a counter each, in one slot
-- ARGV[1]   when it was charged, ms   ARGV[2] how long it may be given back, ms
-- ARGV[3…]  for each counter: window ms, amount
-- returns   {given_back} | {kept} (given back before, or too long ago)
-- why       a start that is refused elsewhere, or that nobody took, must leave every counter as it
--           was, and giving back twice would make room for one too many

local now_ms = clock_ms()
local charged_ms = tonumber(ARGV[1])
if not is_first_return(KEYS[1], now_ms, charged_ms, tonumber(ARGV[2])) then
    return {'kept'}
end
for at = 2, #KEYS do
    counter_take_back(KEYS[at], tonumber(ARGV[at * 2 - 1]), now_ms, charged_ms, tonumber(ARGV[at * 2]))
end
return {'given_back'}

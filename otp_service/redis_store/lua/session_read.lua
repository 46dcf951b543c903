-- Show what has passed between us and one number over Viber.
-- needs     record
-- KEYS[1]   the chat: r the user's messages, n ours since, b when the last session began, ms,
--           c ours of that session; what is zero is not there
-- ARGV      none
-- returns   {read, now, r, n, b, c}; what is not there is empty
-- why       chat and clock in one round trip: whether a session runs is the store's to say

local fields = redis.call('HMGET', KEYS[1], 'r', 'n', 'b', 'c')
return {'read', ms(clock_ms()), fields[1] or '', fields[2] or '', fields[3] or '', fields[4] or ''}

-- Write one receipt down under the provider's id of the message, whether we know of it or not yet.
-- needs     record, message
-- KEYS[1]   the message
-- ARGV[1]   state: a|d|v|f|x   ARGV[2] 1 if the channel cannot reach the number, else 0   ARGV[3] cost, or empty
-- ARGV[4]   how long it is kept, ms
-- returns   {state, 1 if this receipt brought it there, refused, cost to count, link, application, where}
-- why       receipts come twice, late, out of order and before our own send has returned: in one step
--           a state only moves forward, and a cost is given out once

-- What may follow each state: a failure ends it, but who was delivered after all was not too late.
local AFTER = {[''] = 'advfx', a = 'dvfx', d = 'v', v = '', f = '', x = 'dv'}

local BEFORE = {a = '', d = 'a', v = 'ad', f = '', x = ''}

local message_key, state = KEYS[1], ARGV[1]
local before = redis.call('HGET', message_key, 's') or ''
local moved = 0
if string.find(AFTER[before], state, 1, true) then
    moved = 1
    redis.call('HSET', message_key, 's', state, 't' .. state, ms(clock_ms()))
elseif string.find(BEFORE[before], state, 1, true) then
    -- Told late, and true all the same: the message came through here on its way.
    redis.call('HSETNX', message_key, 't' .. state, ms(clock_ms()))
end
if ARGV[2] == '1' then
    redis.call('HSET', message_key, 'w', 1)
end
if ARGV[3] ~= '' and redis.call('HEXISTS', message_key, 'n') == 0 then
    redis.call('HSETNX', message_key, 'k', ARGV[3])
end
redis.call('PEXPIRE', message_key, ARGV[4])
return message_answer(message_key, moved)

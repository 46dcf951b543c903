-- Put one chat in place of another, unless it has changed since it was read.
-- needs     record
-- KEYS[1]   the chat, as session_read.lua has it
-- ARGV[1]   to ARGV[4]: r, n, b, c as they were read   ARGV[5] to ARGV[8]: as they shall be
-- ARGV[9]   how long the chat is kept, ms
-- returns   {written, now} | {changed, now, r, n, b, c}
-- why       the rule of sessions stands in one place, outside: who judged by a chat that is no more
--           judges again

local chat_key = KEYS[1]
local now_ms = ms(clock_ms())
local names = {'r', 'n', 'b', 'c'}
local fields = redis.call('HMGET', chat_key, unpack(names))
for at = 1, #names do
    if (fields[at] or '') ~= ARGV[at] then
        return {'changed', now_ms, fields[1] or '', fields[2] or '', fields[3] or '', fields[4] or ''}
    end
end

for at = 1, #names do
    local value = ARGV[#names + at]
    if value == '' then
        redis.call('HDEL', chat_key, names[at])
    else
        redis.call('HSET', chat_key, names[at], value)
    end
end
redis.call('PEXPIRE', chat_key, ARGV[9])
return {'written', now_ms}

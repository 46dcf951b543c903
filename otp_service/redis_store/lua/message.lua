-- Shared: what is known of one message under the provider's id of it, a hash of short fields:
--   s state: a|d|v|f|x (accepted, delivered, seen, failed, expired)   ta, td, … when it was told, ms
--   w 1 if the channel cannot reach the number   k cost, until it is counted   n whether it was
--   l, p, y whose message it is, once we know of it

-- Count a cost that is known once we know whose message it is: give it, this once, or an empty text.
local function cost_to_count(message_key)
    local fields = redis.call('HMGET', message_key, 'k', 'l', 'n')
    if not fields[1] or not fields[2] or fields[3] then
        return ''
    end
    redis.call('HSET', message_key, 'n', 1)
    redis.call('HDEL', message_key, 'k')
    return fields[1]
end

-- Everything there is to say of a message, a text each.
local function message_answer(message_key, moved)
    local cost = cost_to_count(message_key)
    local fields = redis.call('HMGET', message_key, 's', 'w', 'l', 'p', 'y')
    return {fields[1] or '', moved, fields[2] or '', cost, fields[3] or '', fields[4] or '', fields[5] or ''}
end

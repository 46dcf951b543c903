-- Write down whose a message is, under the provider's id of it.
-- needs     message
-- KEYS[1]   the message
-- ARGV[1]   link: the verification's place and the send   ARGV[2] application
-- ARGV[3]   where: channel and country   ARGV[4] how long it is kept, ms
-- returns   {state or empty, 0, refused, cost to count, link, application, where}
-- why       a receipt that was here first is found by whoever links second

local message_key = KEYS[1]
redis.call('HSET', message_key, 'l', ARGV[1], 'p', ARGV[2], 'y', ARGV[3])
redis.call('PEXPIRE', message_key, ARGV[4])
return message_answer(message_key, 0)

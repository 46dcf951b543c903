-- Take back a message that was definitely not sent and store one on another channel in its place.
-- needs     record, number_log, owners, audit
-- KEYS[1]   the record   KEYS[2] the number's log   KEYS[3] the mark that Viber refuses the number
-- ARGV[1]   application   ARGV[2] charge   ARGV[3] the send to take back
-- ARGV[4]   how long the log is kept, ms   ARGV[5] PIN digest   ARGV[6] channel
-- ARGV[7]   how long to remember that Viber refuses the number, ms; 0 for not at all
-- returns   {stored, now, record} | {missing} | {ended, status}
-- why       one step: at no moment is there a PIN too many or a charge too few, and a verification
--           that ended meanwhile sends nothing more

local record_key, log_key, mark_key, failed_send = KEYS[1], KEYS[2], KEYS[3], ARGV[3]
local now_ms = clock_ms()
local fields = redis.call('HMGET', record_key, 'a', 's', 'e', 'n', 'o', 'R', 'O')
local refused = refusal(fields, ARGV[1], now_ms)
if refused then
    return refused
end
mark_refused(mark_key, ARGV[7])
local account = account_named(fields[7])
redis.call('ZREM', log_key, 'm' .. account .. ARGV[2] .. failed_send)
local failed_channel = string.sub(redis.call('HGET', record_key, 's' .. failed_send) or 'u|?', 3, 3)
redis.call('HDEL', record_key, 'd' .. failed_send, 'e' .. failed_send, 's' .. failed_send)
local send = tonumber(fields[5] or fields[4]) + 1
store_send(record_key, send, tonumber(fields[4]), ARGV[6], ARGV[5], now_ms,
    rules_of(record_key, fields[6]))
charge(log_key, now_ms, tonumber(ARGV[4]), 'm' .. account .. ARGV[2] .. send)
note(now_ms, 'p', table.concat({failed_send, failed_channel, send, ARGV[6], ':', audit.reason}))
return answer('stored', now_ms, record_key)

-- Write down in a number's timeline what was decided outside of the number's slot.
-- needs     record, audit
-- KEYS[1]   the timeline
-- ARGV[1]   what   ARGV[2] detail
-- returns   {noted}
-- why       such a refusal may come for any number a caller can think of: a timeline that holds
--           nothing else is kept for an hour, so that a flood of them does not fill the store

local SHORT_MS = 3600000

local left_ms = redis.call('PTTL', audit.timeline)
note(clock_ms(), ARGV[1], ARGV[2])
redis.call('PEXPIRE', audit.timeline, ms(math.max(left_ms, math.min(SHORT_MS, tonumber(audit.kept_ms)))))
return {'noted'}

-- Lift what one application has charged to a number, and write that down.
-- needs     record, audit
-- KEYS[1]   and further: counters of the number; the last is its timeline
-- ARGV      the audit's alone
-- returns   {unlocked, how many counters were lifted}
-- why       one step: what is lifted is written down; attempts of living verifications are in their
--           records and stay

local lifted = 0
for _, counter_key in ipairs(KEYS) do
    lifted = lifted + redis.call('DEL', counter_key)
end
note(clock_ms(), 'L', lifted)
return {'unlocked', lifted}

-- Show what was answered to a start with an Idempotency-Key.
-- needs     idempotency
-- KEYS[1]   the answer, beside the verification
-- ARGV[1]   fingerprint of the body
-- returns   {replayed, the answer} | {reused} | {missing}
-- why       the answer is in the number's slot, where settle.lua kept it, and the claim in its own

return earlier_answer(KEYS[1], ARGV[1]) or {'missing'}

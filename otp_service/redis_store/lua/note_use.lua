-- Note that an API key is used now.
-- needs     record
-- KEYS[1]   the moment of its last use
-- ARGV[1]   how long it is kept, ms
-- returns   {noted}
-- why       by Redis' clock, whichever machine the key was shown to

redis.call('SET', KEYS[1], ms(clock_ms()), 'PX', ARGV[1])
return {'noted'}

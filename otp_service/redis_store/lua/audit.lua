-- Shared: the timeline of a number, a list of what was decided about it, oldest first, whichever
-- application asked. An operation that needs this part is given two things more, each the last:
--   key       the timeline
--   argument  "kept who charge reason": how long an entry is kept, ms, 0 for writing none;
--             application|key|address tag; the verification's charge; why, in a word
-- An entry is "time|what|application|key|address tag|charge|detail", its time in ms, to the base 36.
-- what, with its detail:
--   s started: channel            n start refused: why/wait       L unlocked by the command line: counters lifted
--   r resent: send, channel       R resend refused: why/wait      c canceled
--   f fell back: send, channel    F no fall-back: why/wait        C not canceled: how it had ended
--   a right guess: send           w wrong guess: attempts left    x the last wrong guess
--   G guess not judged: how the verification had ended
--   y message taken: send, channel:request id                     u nobody knows: send, channel:reason
--   d not sent: send, channel:reason                              p the same, replaced: both sends:reason
-- why: a budget of the number (kind:limit:window in s), another's name, or a word; wait in s.

local MOST_ENTRIES = 64
local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

local audit = {timeline = table.remove(KEYS)}
audit.kept_ms, audit.who, audit.charge, audit.reason =
    string.match(table.remove(ARGV), '^(%d+) (%S*) (%S*) (%S*)$')

local function base36(number)
    local text = ''
    repeat
        local digit = number % 36
        text = string.sub(DIGITS, digit + 1, digit + 1) .. text
        number = (number - digit) / 36
    until number == 0
    return text
end

-- Write one decision down, and let go what is older than entries are kept. A timeline that cannot
-- be written changes no decision.
-- charge: of the verification, where it is another than the argument's
local function note(now_ms, what, detail, charge)
    local kept_ms = tonumber(audit.kept_ms)
    if kept_ms == 0 then
        return
    end
    local entry = {base36(now_ms), what, audit.who, charge or audit.charge, detail or ''}
    local length = redis.pcall('RPUSH', audit.timeline, table.concat(entry, '|'))
    if type(length) ~= 'number' then
        return
    end
    redis.call('PEXPIRE', audit.timeline, kept_ms)
    if length > MOST_ENTRIES then
        redis.call('LTRIM', audit.timeline, -MOST_ENTRIES, -1)
    end
    local function oldest_ms()
        return tonumber(string.match(redis.call('LINDEX', audit.timeline, 0), '^%w+') or '0', 36) or 0
    end
    while oldest_ms() <= now_ms - kept_ms do
        redis.call('LPOP', audit.timeline)
    end
end

local function whole_seconds(value_ms)
    return string.format('%.0f', math.ceil(tonumber(value_ms) / 1000))
end

-- Why and for how long something is refused.
local function refused_for(why, wait_ms)
    return why .. '/' .. whole_seconds(wait_ms)
end

-- The same where a budget of the number is used up: its place in the sliding ones, 0 for guesses.
local function used_up(sliding_spec, guess_spec, budget, wait_ms)
    local kind, limit, window_ms = 'g', string.match(guess_spec, '^(%d+) (%d+)')
    local index = 0
    for each_kind, each_limit, each_window_ms in string.gmatch(sliding_spec, '(%a) (%d+) (%d+)') do
        index = index + 1
        if index == budget then
            kind, limit, window_ms = each_kind, each_limit, each_window_ms
        end
    end
    return refused_for(table.concat({kind, limit, whole_seconds(window_ms)}, ':'), wait_ms)
end

-- Shared: whose budgets a charge counts against. An address that verified the number lately is one of
-- its owners and has an account of its own in the number's log; everybody else shares the strangers'.
-- An account is what stands in a member of the log between kind and charge: "<address tag>:" for an
-- owner, nothing for strangers.
--
-- The owners of one number of one application: a sorted set of address tags by when each last
-- verified, ms. rule: "10 2592000000": how many of them count, and for how long after that, ms.

local STRANGERS = ''

local function read_rule(rule)
    local most, keep_ms = string.match(rule, '^(%d+) (%d+)$')
    return tonumber(most), tonumber(keep_ms)
end

local function account_named(address)
    return address and address ~= '' and address .. ':' or STRANGERS
end

-- To how many owners' accounts but this one the log holds charges that some window reaches.
local function other_owners(log_key, account, now_ms, log_ms)
    local seen, others = {[STRANGERS] = true, [account] = true}, 0
    local since = '(' .. ms(now_ms - log_ms)
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', log_key, since, '+inf')) do
        local other = account_in(member)
        if not seen[other] then
            seen[other], others = true, others + 1
        end
    end
    return others
end

-- The account of whoever starts from an address; address: its tag, or empty where it is not known.
-- However owners come and go, in no window more accounts are charged than owners count at a time.
-- log_ms: how long the log is kept
local function account_of_address(owners_key, log_key, address, rule, now_ms, log_ms)
    if address == '' then
        return STRANGERS
    end
    local most, keep_ms = read_rule(rule)
    local newer = redis.call('ZREVRANK', owners_key, address)
    if not newer or newer >= most then
        return STRANGERS
    end
    if now_ms - tonumber(redis.call('ZSCORE', owners_key, address)) >= keep_ms then
        return STRANGERS
    end
    local account = account_named(address)
    return other_owners(log_key, account, now_ms, log_ms) < most and account or STRANGERS
end

-- Remember that an address verified the number now; only the latest stay, which may be none.
local function remember_owner(owners_key, address, rule, now_ms)
    local most, keep_ms = read_rule(rule)
    redis.call('ZADD', owners_key, ms(now_ms), address)
    redis.call('ZREMRANGEBYSCORE', owners_key, '-inf', ms(now_ms - keep_ms))
    redis.call('ZREMRANGEBYRANK', owners_key, 0, -most - 1)
    redis.call('PEXPIRE', owners_key, keep_ms)
end

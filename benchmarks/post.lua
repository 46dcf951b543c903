-- wrk: every request about another id.
local number = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
    number = number + 1
    return wrk.format(nil, nil, nil, string.format('{"id":"%d"}', number % 10000))
end

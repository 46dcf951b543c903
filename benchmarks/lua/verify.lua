-- Guesses at verifications that were prepared: a file of lines "id code".
-- Arguments: API key, threads, run (as for starts), file, guesses a verification, expected status, text of a good body.
-- A second guess at one comes when all have had their first. When all have had all, the load is spent.
dofile("common.lua")
local lines, at, threads, run, guesses = {}, 0, 1, "", 1

function init(arguments)
    common(arguments[1])
    threads, run = tonumber(arguments[2]), arguments[3]
    guesses, expected, marker = tonumber(arguments[5]), tonumber(arguments[6]), arguments[7]
    local number = 0
    for line in io.lines(arguments[4]) do
        if number % threads == thread_number then
            local id, code = line:match("^(%S+) (%S+)$")
            table.insert(lines, string.format('{"verification_id":"%s","code":"%s"}', id, code))
        end
        number = number + 1
    end
end

request = function()
    at = at + 1
    if at > guesses * #lines then
        spent = 1
    end
    return post(
        lines[(at - 1) % #lines + 1],
        run ~= "" and run .. "-" .. thread_number .. "-" .. at or nil
    )
end

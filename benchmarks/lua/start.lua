-- Starts, each of a number and from an address of its own.
-- Arguments: API key, threads, run (parts the Idempotency-Keys of runs; "" for none), first number.
dofile("common.lua")
expected, marker = 201, '"status":"pending"'
local RANGES, STEP = 1000, 10000
local number, threads, run, key = 0, 1, "", nil

function init(arguments)
    key, threads, run = arguments[1], tonumber(arguments[2]), arguments[3]
    number = tonumber(arguments[4]) + thread_number
    common(key)
end

request = function()
    number = number + threads
    local phone = number % RANGES * STEP + math.floor(number / RANGES)
    local address = string.format(
        "10.%d.%d.%d", math.floor(number / 65536) % 256, math.floor(number / 256) % 256, number % 256
    )
    return post(
        string.format('{"phone":"+38067%07d","client_ip":"%s"}', phone, address),
        run ~= "" and run .. "-" .. number or nil
    )
end

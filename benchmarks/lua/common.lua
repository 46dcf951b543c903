-- What every load does: hand its threads numbers, see that each answer is the expected one, and report as JSON.
-- A script that includes this sets `expected` (a status), `marker` (text of every good body) and `request`.
local threads = {}
local SAMPLE = 64

function setup(thread)
    thread:set("thread_number", #threads)
    table.insert(threads, thread)
end

-- `spent` is 1 where there was nothing left to ask about: what was answered then says nothing.
unexpected, sample, spent = 0, "", 0
local seen = 0

function response(status, _, body)
    seen = seen + 1
    local is_good = status == expected
    if is_good and seen % SAMPLE == 1 then
        is_good = body:find(marker, 1, true) ~= nil
    end
    if not is_good then
        unexpected = unexpected + 1
        sample = status .. " " .. body:sub(1, 200)
    end
end

function done(summary, latency)
    local wrong, text, is_spent = 0, "", 0
    for _, thread in ipairs(threads) do
        is_spent = math.max(is_spent, thread:get("spent"))
        local count = thread:get("unexpected")
        if count > 0 then
            wrong, text = wrong + count, thread:get("sample")
        end
    end
    local errors = summary.errors
    io.write(string.format(
        '\nREPORT {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "broken": %d, "late": %d, '
            .. '"unexpected": %d, "spent": %d, "sample": "%s"}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write, errors.timeout, wrong, is_spent,
        (text:gsub('[%c"\\]', " "))
    ))
end

-- Gives a request's bytes; `headers` are those of every request, and of this one beside them.
function post(body, idempotency_key)
    if idempotency_key then
        wrk.headers["Idempotency-Key"] = idempotency_key
    end
    return wrk.format("POST", nil, nil, body)
end

function common(key)
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["Authorization"] = "Bearer " .. key
end

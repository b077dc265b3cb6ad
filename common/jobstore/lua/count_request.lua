#!lua flags=allow-oom
-- count_request: counts a request in a fixed window that starts with its first request.
-- After: the counter expires with the window. Answers the count and the milliseconds left.
local a = cjson.decode(ARGV[1])
local name = K .. 'requests:' .. a.window
local counted = redis.call('INCR', name)
local left_ms = redis.call('PTTL', name)
if left_ms < 0 then
  redis.call('PEXPIRE', name, a.window_ms)
  left_ms = a.window_ms
end
return cjson.encode({ counted = counted, left_ms = left_ms })

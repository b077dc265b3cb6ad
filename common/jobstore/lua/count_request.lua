#!lua flags=allow-oom
-- count_request: counts requests in a window of time that begins with its first one.
-- After: the window holds them and goes when it is over. Answers the count and what is left of it.
local a = cjson.decode(ARGV[1])
local name = K .. 'requests:' .. a.window
local counted = redis.call('INCRBY', name, a.amount)
local left_ms = redis.call('PTTL', name)
if left_ms < 0 then
  redis.call('PEXPIRE', name, a.window_ms)
  left_ms = a.window_ms
end
return cjson.encode({ counted = counted, left_ms = left_ms })

#!lua flags=allow-oom
-- purge: removes letters from the dead-letter list; their jobs stay.
-- After: the named job's letter is gone, or all letters that are `older_ms` old or older (all, if it
-- is 0). Answers how many were removed.
local a = cjson.decode(ARGV[1])
local dead = K .. 'dead'
if a.job then
  local gone = redis.call('ZREM', dead, a.job)
  return cjson.encode({ purged = a.repeated and 1 or gone }) -- removed before the answer was lost
end
local latest = a.older_ms > 0 and now - a.older_ms or '+inf'
return cjson.encode({ purged = redis.call('ZREMRANGEBYSCORE', dead, '-inf', latest) })

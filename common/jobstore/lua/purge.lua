#!lua flags=allow-oom
-- purge: takes letters out of the dead-letter list; their jobs stay as they are.
-- After: the named job's letter is gone, or all that died `older_ms` ago or earlier (all there are,
-- when it is 0). Answers how many went.
local a = cjson.decode(ARGV[1])
local dead = K .. 'dead'
if a.job then
  local gone = redis.call('ZREM', dead, a.job)
  return cjson.encode({ purged = a.repeated and 1 or gone }) -- it went before the answer was lost
end
local latest = a.older_ms > 0 and now - a.older_ms or '+inf'
return cjson.encode({ purged = redis.call('ZREMRANGEBYSCORE', dead, '-inf', latest) })

#!lua flags=allow-oom
-- sweep_begin: names the objects to delete now. After: they are in `deleting`, no longer in
-- `doomed`, so no script commits them; earlier ones that were never confirmed are named again.
local a = cjson.decode(ARGV[1])
for _, name in ipairs(redis.call('ZRANGEBYSCORE', K .. 'doomed', '-inf', now, 'LIMIT', 0, a.most)) do
  redis.call('ZREM', K .. 'doomed', name)
  redis.call('ZADD', K .. 'deleting', now, name)
end
local names = redis.call('ZRANGE', K .. 'deleting', 0, a.most - 1)
return cjson.encode(#names > 0 and names or EMPTY)

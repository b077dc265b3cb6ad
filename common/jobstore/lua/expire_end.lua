#!lua flags=allow-oom
-- expire_end: confirms that the Celery queues of forgotten lines have been deleted.
local a = cjson.decode(ARGV[1])
for _, line in ipairs(a.lines) do redis.call('ZREM', K .. 'forgetting', line) end
return 'ok'

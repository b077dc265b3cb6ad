#!lua flags=allow-oom
-- sweep_end: confirms that objects have been deleted.
local a = cjson.decode(ARGV[1])
for _, name in ipairs(a.names) do redis.call('ZREM', K .. 'deleting', name) end
return 'ok'

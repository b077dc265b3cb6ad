#!lua flags=allow-oom
-- output_seen: a picture is stored. After: it is not checked again for an hour.
local a = cjson.decode(ARGV[1])
redis.call('SET', K .. 'present:' .. a.object, '1', 'PX', P.check_ms)
return 'ok'

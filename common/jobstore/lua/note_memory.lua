#!lua flags=allow-oom
-- note_memory: records which share of its memory Redis uses; admit reads it.
local a = cjson.decode(ARGV[1])
redis.call('SET', K .. 'memory', a.used_share, 'PX', P.process_ms)
return 'ok'

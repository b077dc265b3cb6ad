#!lua flags=allow-oom
-- output_vanished: a picture is no longer stored.
-- After: its render is forgotten, so that the next submission renders again. Its jobs keep their
-- status, without the picture. The name has no holder; it is doomed in case the object reappears.
local a = cjson.decode(ARGV[1])
local render = K .. 'render:' .. string.match(a.object, '^outputs/(%x+)/')
local r = redis.call('HMGET', render, 'state', 'output_name')
if r[1] == 'done' and r[2] == a.object then redis.call('DEL', render) end
local gone = 0
for _, holder in ipairs(redis.call('SMEMBERS', K .. 'holders:' .. a.object)) do
  redis.call('HDEL', K .. 'job:' .. string.sub(holder, 3), 'output_name')
  drop(a.object, holder, now)
  gone = gone + 1
end
redis.call('DEL', K .. 'present:' .. a.object)
if gone > 0 then count('outputs_vanished') end
return cjson.encode({ jobs = gone })

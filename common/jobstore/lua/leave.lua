#!lua flags=allow-oom
-- leave: a worker reports that it is stopping. After: no line counts it or waits for it.
local a = cjson.decode(ARGV[1])
for _, line in ipairs(a.lines) do
  redis.call('HDEL', K .. 'crew:' .. line, a.process)
  stand_down(line, a.process)
end
redis.call('DEL', K .. 'process:' .. a.process)
return 'ok'

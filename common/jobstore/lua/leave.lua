#!lua flags=allow-oom
-- leave: a worker that stops in order says so. After: no line counts it, nor waits for it.
local a = cjson.decode(ARGV[1])
for _, line in ipairs(a.lines) do
  redis.call('HDEL', K .. 'crew:' .. line, a.process)
  stand_down(line, a.process)
end
redis.call('DEL', K .. 'process:' .. a.process)
return 'ok'

#!lua flags=no-writes
-- waiting_callers: how many of the first renders in each line wait for which caller; and open jobs.
-- The callers are read from the renders' jobs, so that submissions need not count them.
local a = cjson.decode(ARGV[1])
local lines = {}
for _, line in ipairs(redis.call('ZRANGE', K .. 'versions', 0, -1)) do
  local callers, counted = {}, 0
  for _, set in ipairs({ 'suspects:', 'line:' }) do
    for _, member in ipairs(redis.call('ZRANGE', K .. set .. line, 0, a.most - counted - 1)) do
      local job = redis.call('SRANDMEMBER', K .. 'attached:' .. member_key(member))
      local caller = job and redis.call('HGET', K .. 'job:' .. job, 'caller')
      if caller then callers[caller] = (callers[caller] or 0) + 1 end
      counted = counted + 1
    end
    if counted >= a.most then break end
  end
  lines[line] = next(callers) and { counted = counted, callers = callers } or nil
end
local open = load(K .. 'open')
return cjson.encode({ lines = next(lines) and lines or EMPTY, open = next(open) and open or EMPTY })

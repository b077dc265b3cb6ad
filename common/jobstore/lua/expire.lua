#!lua flags=allow-oom
-- expire: deletes what has expired. Bounded per call.
-- After: finished jobs past `expires` hold no pictures (the bytes go once no link can be valid),
-- expired records are gone, the dead-letter list is within its bounds, empty style versions unseen for
-- long are forgotten. Their lines stand in `forgetting`, and are returned by every call until
-- `expire_end` confirms that their Celery queues are deleted, or the version is back.
local a = cjson.decode(ARGV[1])
local pictures, records = due_in('expiries', a.most), due_in('forgets', a.most)
for _, id in ipairs(pictures) do
  release_pictures(id, now + P.link_grace_ms)
  redis.call('HSET', K .. 'job:' .. id, 'pictures_gone', 1)
  redis.call('ZREM', K .. 'expiries', id)
end
for _, id in ipairs(records) do
  if redis.call('HEXISTS', K .. 'job:' .. id, 'pictures_gone') == 0 then
    release_pictures(id, now + P.link_grace_ms)
  end
  forget_job(id)
end
redis.call('ZREMRANGEBYSCORE', K .. 'dead', '-inf', now - P.dead_ms)
redis.call('ZREMRANGEBYRANK', K .. 'dead', 0, -P.dead_max - 1)

-- Whether a render of the line is delayed: it will be back in seconds.
local function has_delayed(line)
  for _, key in ipairs(redis.call('ZRANGE', K .. 'delayed', 0, -1)) do
    if redis.call('HGET', K .. 'render:' .. key, 'line') == line then return true end
  end
  return false
end

local function is_empty(line)
  local good, suspects = line_lengths(line)
  local running = tonumber(redis.call('HGET', K .. 'clock:' .. line, 'running_px') or '0')
  return good + suspects + running == 0 and not has_delayed(line)
end

for _, line in ipairs(redis.call('ZRANGEBYSCORE', K .. 'versions', '-inf', now - P.unseen_ms)) do
  if is_empty(line) then
    redis.call('DEL', K .. 'version:' .. line, K .. 'clock:' .. line, K .. 'flows:' .. line,
      K .. 'crew:' .. line)
    redis.call('ZREM', K .. 'versions', line)
    redis.call('ZADD', K .. 'forgetting', now, line)
  end
end
local forgotten = {}
for _, line in ipairs(redis.call('ZRANGE', K .. 'forgetting', 0, -1)) do
  if redis.call('ZSCORE', K .. 'versions', line) then
    redis.call('ZREM', K .. 'forgetting', line)
  else
    forgotten[#forgotten + 1] = line
  end
end
return cjson.encode({ pictures = #pictures, records = #records,
  lines = #forgotten > 0 and forgotten or EMPTY })

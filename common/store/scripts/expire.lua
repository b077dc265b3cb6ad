#!lua flags=allow-oom
-- expire: lets go of what has lived long enough. Bounded per call.
-- After: finished jobs past `expires` hold no pictures (the bytes go when no link can be alive),
-- records past their life are gone, the dead-letter list is within its bounds, empty style versions
-- unseen for long are forgotten (their lines are named, for their Celery queues).
local a = cjson.decode(ARGV[1])
local function due(set) return redis.call('ZRANGEBYSCORE', K .. set, '-inf', now, 'LIMIT', 0, a.most) end
local pictures, records = due('expiries'), due('forgets')
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

local forgotten = {}
for _, line in ipairs(redis.call('ZRANGEBYSCORE', K .. 'versions', '-inf', now - P.unseen_ms)) do
  local good, suspects = line_lengths(line)
  local running = tonumber(redis.call('HGET', K .. 'clock:' .. line, 'running_px') or '0')
  if good + suspects + running == 0 then
    redis.call('DEL', K .. 'version:' .. line, K .. 'clock:' .. line, K .. 'flows:' .. line,
      K .. 'crew:' .. line)
    redis.call('ZREM', K .. 'versions', line)
    forgotten[#forgotten + 1] = line
  end
end
return cjson.encode({ pictures = #pictures, records = #records,
  lines = #forgotten > 0 and forgotten or EMPTY })

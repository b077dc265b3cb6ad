#!lua flags=allow-oom
-- heartbeat: a worker reports that it is alive, and its state, for each of its lines.
-- After: the versions of its lines are known and were last seen now; it counts as alive. A worker that
-- is not ready claims nothing, so it is no line's volunteer.
local a = cjson.decode(ARGV[1])
for _, entry in ipairs(a.lines) do
  local version = K .. 'version:' .. entry.line
  redis.call('HSET', version, 'style', entry.style, 'version', entry.version, 'card', entry.card)
  redis.call('HSETNX', version, 'first_seen', now)
  redis.call('ZADD', K .. 'versions', now, entry.line)
  local all = K .. 'crew:' .. entry.line
  for process, text in pairs(load(all)) do
    if cjson.decode(text).beat_ms + P.process_ms < now then redis.call('HDEL', all, process) end
  end
  redis.call('HSET', all, a.process, cjson.encode({ beat_ms = now, state = a.state,
    seconds_per_mp = entry.seconds_per_mp, max_batch = entry.max_batch, device = a.device,
    name = a.name, busy_share = a.busy_share, batch_size = a.batch_size }))
  if a.state ~= 'ready' then stand_down(entry.line, a.process) end
end
return 'ok'

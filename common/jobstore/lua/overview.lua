#!lua flags=no-writes
-- overview: states, counters, lines and crews, for readers of the whole service.
local lines = {}
local known = redis.call('ZRANGE', K .. 'versions', 0, -1, 'WITHSCORES')
for i = 1, #known, 2 do
  local line = known[i]
  local version, clock = load(K .. 'version:' .. line), load(K .. 'clock:' .. line)
  local good, suspects = line_lengths(line)
  local alive = crew(line)
  lines[#lines + 1] = { line = line, style = version.style, version = version.version,
    card = version.card, first_seen_ms = tonumber(version.first_seen),
    last_seen_ms = tonumber(known[i + 1]), waiting = good + suspects,
    waiting_px = tonumber(clock.waiting_px or '0'), running_px = tonumber(clock.running_px or '0'),
    crew = #alive > 0 and alive or EMPTY }
end

-- Events that wait to be sent, and how many of them are due.
local function webhooks()
  local waiting, overdue = 0, 0
  for _, caller in ipairs(redis.call('ZRANGE', K .. 'webhooks_callers', 0, -1)) do
    waiting = waiting + redis.call('ZCARD', K .. 'webhooks_due:' .. caller)
    overdue = overdue + redis.call('ZCOUNT', K .. 'webhooks_due:' .. caller, '-inf', now)
  end
  return { waiting = waiting, due = overdue }
end

local size = function(set) return redis.call('ZCARD', K .. set) end
return cjson.encode({ now_ms = now, states = load(K .. 'states'), counts = load(K .. 'counts'),
  lines = #lines > 0 and lines or EMPTY, leases = size('leases'), delayed = size('delayed'),
  doomed = size('doomed'), deleting = size('deleting'), dead = size('dead'),
  eta = load(K .. 'eta'), took = load(K .. 'took'), reaper = load(K .. 'reaper'),
  webhooks = webhooks(), memory = tonumber(redis.call('GET', K .. 'memory') or '0') })

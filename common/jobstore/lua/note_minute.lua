#!lua flags=allow-oom
-- note_minute: copies the counters once a minute, for the statistics of the last hour by minute.
-- The counters only grow: what happened in a minute is the difference of two copies.
-- After: the present minute is recorded; calling it again changes nothing.
local minute = K .. 'minute:' .. math.floor(now / 60000)
if redis.call('EXISTS', minute) == 0 then
  local waiting, fields = 0, { 'at', now }
  local function put(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  for name, value in pairs(load(K .. 'counts')) do put(name, value) end
  for bucket, value in pairs(load(K .. 'took')) do put('took.' .. bucket, value) end
  for _, line in ipairs(redis.call('ZRANGE', K .. 'versions', 0, -1)) do
    local good, suspects = line_lengths(line)
    waiting = waiting + good + suspects
  end
  put('waiting', waiting)
  put('running', redis.call('ZCARD', K .. 'leases'))
  redis.call('HSET', minute, unpack(fields))
  redis.call('PEXPIRE', minute, P.minute_ms)
end
return 'ok'

#!lua flags=allow-oom
-- reap: ends what is overdue; only this ends a lease. Bounded per call; two keepers are harmless.
-- After: leases past due are back in line as suspects or failed for good, delayed renders whose
-- pause is over are back, jobs past their deadline are expired, alone. After a gap over
-- `gap_ms` or a step back of the clock it ends nothing for one lease, so live workers renew first.
local a = cjson.decode(ARGV[1])
local reaper = K .. 'reaper'
local state = redis.call('HMGET', reaper, 'last', 'hold_until')
local gap = state[1] and now - tonumber(state[1]) or 0
redis.call('HSET', reaper, 'last', now)
if gap > P.gap_ms or gap < 0 then
  state[2] = now + P.lease_ms
  redis.call('HSET', reaper, 'hold_until', state[2])
  redis.call('HINCRBY', reaper, 'pauses', 1)
end
-- Nothing is due later than its whole life from now: what is, was set before a step of the clock.
local function pull_in(set, longest)
  local far = redis.call('ZRANGEBYSCORE', K .. set, '(' .. now + longest, '+inf')
  for _, key in ipairs(far) do redis.call('ZADD', K .. set, 'XX', now + longest, key) end
end
pull_in('leases', P.lease_ms)
pull_in('delayed', P.delays_ms[#P.delays_ms])
if state[2] and now < tonumber(state[2]) then
  return cjson.encode({ held = true, gap_ms = gap, hints = EMPTY, lost = 0, expired = 0 })
end

local function due(set) return redis.call('ZRANGEBYSCORE', K .. set, '-inf', now, 'LIMIT', 0, a.most) end
local hints, lost = {}, due('leases')
for _, key in ipairs(lost) do
  local r = load(K .. 'render:' .. key)
  local spent = tonumber(r.spent) + math.max(now - tonumber(r.renewed), 0)
  end_attempt(key, r)
  -- A dead worker stops renewing early; one that ran out of time renewed until its limit.
  local ran_out = tonumber(r.spent) + P.renew_ms * 2 >= tonumber(r.limit) and spent >= tonumber(r.limit)
  local code = ran_out and 'execution_timeout' or 'worker_lost'
  lose_attempt(key, r, code, MESSAGES[code], hints)
end
for _, key in ipairs(due('delayed')) do
  redis.call('ZREM', K .. 'delayed', key)
  requeue(key, load(K .. 'render:' .. key), hints)
end
local expired = due('deadlines')
for _, id in ipairs(expired) do
  local key = redis.call('HGET', K .. 'job:' .. id, 'render')
  end_job(id, 'expired', 'attempts', redis.call('HGET', K .. 'render:' .. key, 'attempts') or 0)
  detach(id, key)
end
return cjson.encode({ held = false, gap_ms = gap, hints = #hints > 0 and hints or EMPTY,
  lost = #lost, expired = #expired })

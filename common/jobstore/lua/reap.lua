#!lua flags=allow-oom
-- reap: ends what is overdue; only this ends a lease. Two keepers at once are harmless.
-- After: renders with overdue leases are back in line as suspects or have failed for good, delayed
-- renders whose pause is over are back in line, jobs past their deadline are expired, each alone.
-- After a gap over `gap_ms` or a backward step of the clock it ends no lease for the time of one, so
-- that live workers renew first. Bounded per call, in entries and in jobs attached to them; `more`:
-- it stopped at these bounds.
local a = cjson.decode(ARGV[1])
local reaper = K .. 'reaper'

-- Whether live workers must be able to renew first. Another gap meanwhile restarts that time, but only
-- a few in a row: with endless gaps it is the keeper that is slow, and leases must end.
local function is_held(state, gap)
  local ends, holds = tonumber(state[2] or '0'), tonumber(state[3] or '0')
  if gap > P.gap_ms or gap < 0 then
    redis.call('HINCRBY', reaper, 'pauses', 1)
    if holds < P.holds_most then ends, holds = now + P.lease_ms, holds + 1 end
  end
  ends = math.min(ends, now + P.lease_ms)
  if ends <= now then holds = 0 end
  redis.call('HSET', reaper, 'last', now, 'hold_until', ends, 'holds', holds)
  return ends > now
end

local state = redis.call('HMGET', reaper, 'last', 'hold_until', 'holds')
local gap = state[1] and now - tonumber(state[1]) or 0
local held = is_held(state, gap)
local hints, spare, more = {}, a.most_jobs, false

-- Calls `act` for each due entry of a set, within the bounds; returns for how many.
local function each_due(set, act)
  local found = due_in(set, a.most)
  if #found == a.most then more = true end
  for place, name in ipairs(found) do
    if spare <= 0 then
      more = true
      return place - 1
    end
    act(name)
  end
  return #found
end

-- A render's record, or nil if it is gone. The cost grows with the jobs attached.
local function render_of(key)
  spare = spare - 1 - redis.call('SCARD', K .. 'attached:' .. key)
  local r = load(K .. 'render:' .. key)
  if r.state then return r end
  end_broken(key)
end

local function end_lease(key)
  local r = render_of(key)
  if not r then return end
  local spent = tonumber(r.spent) + math.max(now - tonumber(r.renewed), 0)
  end_attempt(key, r)
  -- A dead worker stops renewing early; one that runs out of time renews until its limit.
  local ran_out = tonumber(r.spent) + P.renew_ms * 2 >= tonumber(r.limit) and spent >= tonumber(r.limit)
  local code = ran_out and 'execution_timeout' or 'worker_lost'
  lose_attempt(key, r, code, MESSAGES[code], hints)
end

local function end_pause(key)
  local r = render_of(key)
  if not r then return end
  redis.call('ZREM', K .. 'delayed', key)
  requeue(key, r, hints)
end

local function end_overdue(id)
  spare = spare - 1
  if redis.call('EXISTS', K .. 'job:' .. id) == 1 then return withdraw(id, 'expired') end
  count('records_broken')
  redis.call('ZREM', K .. 'deadlines', id)
end

-- A deadline that a step of the clock put too far off becomes the job's whole span from now.
local function span_of(id)
  local span = tonumber(redis.call('HGET', K .. 'job:' .. id, 'span') or '0')
  redis.call('HSET', K .. 'job:' .. id, 'deadline', now + span)
  return span
end

local far = math.max(pull_in('leases', P.lease_ms, a.most),
  pull_in('delayed', P.delays_ms[#P.delays_ms], a.most),
  pull_in('deadlines', P.span_ms, a.most, span_of))
if far == a.most then more = true end
local lost = held and 0 or each_due('leases', end_lease)
each_due('delayed', end_pause)
local expired = each_due('deadlines', end_overdue)
return cjson.encode({ held = held, gap_ms = gap, hints = #hints > 0 and hints or EMPTY,
  lost = lost, expired = expired, more = more })

#!lua flags=allow-oom
-- renew: renews all leases of a process, and its volunteering, in one call.
-- After: each lease whose token still owns its attempt, and whose attempt is within its execution
-- limit, lasts a lease's life from now. What the process holds, and whether it is alone with a
-- suspect, is written again: these keys expire, and may have while the leases did not (Redis was
-- down). Answers which leases are lost and which renders no job waits for.
local a = cjson.decode(ARGV[1])
local process, held = K .. 'process:' .. a.process, K .. 'held:' .. a.process
local lost, unwanted = {}, {}
for _, lease in ipairs(a.leases) do
  local render = K .. 'render:' .. lease.key
  local r = load(render)
  if not owns(r, lease.token) then
    lost[#lost + 1] = lease.key
  else
    -- Time is summed in steps no longer than a lease: a step of the clock costs no more.
    local step = math.min(math.max(now - tonumber(r.renewed), 0), P.lease_ms)
    local spent = tonumber(r.spent) + step
    redis.call('HSET', held, lease.key, r.px)
    if tonumber(r.lost or '0') > 0 then redis.call('HSET', process, 'alone', lease.key) end
    redis.call('HSET', render, 'stage', lease.stage, 'renewed', now, 'spent', spent)
    local left = tonumber(r.limit) - spent
    if left > 0 then
      redis.call('ZADD', K .. 'leases', now + math.min(P.lease_ms, left), lease.key)
    end
    if redis.call('EXISTS', K .. 'attached:' .. lease.key) == 0 then
      unwanted[#unwanted + 1] = lease.key
    end
  end
end
-- Renders that it no longer holds although their attempts were not ended: their records are gone.
for _, key in ipairs(redis.call('HKEYS', held)) do
  local r = redis.call('HMGET', K .. 'render:' .. key, 'state', 'process')
  if r[1] ~= 'running' or r[2] ~= a.process then release_hold(a.process, key) end
end
redis.call('PEXPIRE', process, P.process_ms)
redis.call('PEXPIRE', held, P.process_ms)
local line = redis.call('HGET', process, 'volunteer_line')
if line and redis.call('HGET', K .. 'clock:' .. line, 'volunteer') == a.process then
  redis.call('HSET', K .. 'clock:' .. line, 'volunteer_until', now + P.lease_ms)
end
return cjson.encode({ lost = lost, unwanted = unwanted })

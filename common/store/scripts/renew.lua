#!lua flags=allow-oom
-- renew: keeps all leases of a process alive, in one call, and its volunteering.
-- After: each lease whose token still owns its attempt, and whose attempt is within its execution
-- limit, lasts a lease's life from now. Answers which are lost and which nobody waits for.
local a = cjson.decode(ARGV[1])
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
local process = K .. 'process:' .. a.process
redis.call('PEXPIRE', process, P.process_ms)
redis.call('PEXPIRE', K .. 'held:' .. a.process, P.process_ms)
local line = redis.call('HGET', process, 'volunteer_line')
if line and redis.call('HGET', K .. 'clock:' .. line, 'volunteer') == a.process then
  redis.call('HSET', K .. 'clock:' .. line, 'volunteer_until', now + P.lease_ms)
end
return cjson.encode({ lost = lost, unwanted = unwanted })

#!lua flags=allow-oom
-- webhook_claim: claims events that are due, callers in turn.
-- After: each returned event is leased under the token; if its lease ends before its outcome is
-- recorded, it can be claimed again. No more than a caller's share is being sent at once. Events that
-- have nothing to report any more, or no address, have ended.
local a = cjson.decode(ARGV[1])
local taken = {}

-- Prepares an event for sending, or ends it; nil if there is nothing to send. One that was claimed
-- many times without an outcome is given up: its keepers may have died of it.
local function prepare(id, caller)
  local d = load(K .. 'webhook:' .. id)
  if d.status ~= 'waiting' then return redis.call('ZREM', K .. 'webhooks_due:' .. caller, id) and nil end
  local to = load(K .. 'webhook_to:' .. caller .. ':' .. d.to)
  if to.off then return end_webhook(id, caller, 'disabled') end
  local lost = tonumber(d.claims or '0') - tonumber(d.sent)
  if not to.url or lost >= P.webhook_lost_max then return end_webhook(id, caller, 'failed') end
  if not is_tellable(d) then return end_webhook(id, caller, 'superseded') end
  local job
  if d.event ~= 'batch.completed' then
    job = d.job and cjson.decode(d.job) or load_job(d.of)
    job.id, job.now = d.of, now
  end
  local secrets = secrets_of(caller, a.fresh[#taken + 1])
  return { id = id, caller = caller, url = to.url, base = to.base, event = d.event, of = d.of,
    made = d.made, now = now, job = job, secrets = { secrets.current, secrets.former } }
end

local function lease(id, caller)
  redis.call('HSET', K .. 'webhook:' .. id, 'token', a.token)
  redis.call('HINCRBY', K .. 'webhook:' .. id, 'claims', 1) -- before anything is sent: see `lost`
  redis.call('ZADD', K .. 'webhooks_out:' .. caller, now + P.webhook_lease_ms, id)
  redis.call('ZADD', K .. 'webhooks_due:' .. caller, now + P.webhook_lease_ms, id)
end

-- Nothing waits longer than its pause, or a lease. What does was put too far off by a step of the clock,
-- and is due now.
local function mend(caller)
  local waiting, horizon = K .. 'webhooks_due:' .. caller, now + P.webhook_lease_ms
  redis.call('ZREMRANGEBYSCORE', K .. 'webhooks_out:' .. caller, '(' .. horizon, '+inf')
  local far = redis.call('ZRANGEBYSCORE', waiting, '(' .. horizon, '+inf', 'WITHSCORES',
    'LIMIT', 0, P.webhook_look)
  for i = 1, #far, 2 do
    local tries = tonumber(redis.call('HGET', K .. 'webhook:' .. far[i], 'tries') or '0')
    local longest = (P.webhook_delays_ms[tries] or 0) * P.webhook_jitter_max
    if tonumber(far[i + 1]) > now + longest then redis.call('ZADD', waiting, now, far[i]) end
  end
end

local function take(caller)
  local out = K .. 'webhooks_out:' .. caller
  redis.call('ZREMRANGEBYSCORE', out, '-inf', now)
  mend(caller)
  if redis.call('ZCARD', out) >= P.webhook_caller_max then
    return give_turn(caller, now + P.webhook_pause_ms) and nil
  end
  local found
  for _, id in ipairs(due_in('webhooks_due:' .. caller, P.webhook_look)) do
    found = prepare(id, caller)
    if found then
      lease(id, caller)
      break
    end
  end
  give_turn(caller, now)
  return found
end

-- A turn that a step of the clock has put too far off is due now.
pull_in('webhooks_callers', P.webhook_lease_ms, P.webhook_look, function() return 0 end)
for _ = 1, a.most + P.webhook_look do
  local caller = due_in('webhooks_callers', 1)[1]
  if not caller or #taken == a.most then break end
  taken[#taken + 1] = take(caller)
end
return cjson.encode(#taken > 0 and taken or EMPTY)

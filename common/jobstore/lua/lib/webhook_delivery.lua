-- Webhook delivery: secrets, disabled addresses, and how a log shows an event.

-- The secrets that sign a caller's events: the current one, and for a while the former one.
local function secrets_of(caller, fresh)
  local name = K .. 'webhook_secret:' .. caller
  redis.call('HSETNX', name, 'current', fresh)
  redis.call('PEXPIRE', name, P.webhook_secret_ms)
  local known = load(name)
  local left = known.former and tonumber(known.former_until) - now or 0
  if known.former and (left <= 0 or left > P.webhook_overlap_ms) then
    redis.call('HDEL', name, 'former', 'former_until')
    known.former, known.former_until = nil, nil
  end
  return known
end

local function enable(caller, endpoint)
  redis.call('ZREM', K .. 'webhook_off:' .. caller, endpoint)
  return redis.call('HDEL', K .. 'webhook_to:' .. caller .. ':' .. endpoint, 'off')
end

-- Disables an address; beyond the most, the oldest ones are enabled again.
local function disable(caller, endpoint)
  redis.call('HSET', K .. 'webhook_to:' .. caller .. ':' .. endpoint, 'off', now)
  redis.call('ZADD', K .. 'webhook_off:' .. caller, now, endpoint)
  for _, old in ipairs(redis.call('ZRANGE', K .. 'webhook_off:' .. caller, 0, -P.webhook_off_max - 1)) do
    enable(caller, old)
  end
  renew_endpoint(caller, endpoint)
end

-- Whether an event still has something to report: its job, at the end of that run, or its batch.
local function is_tellable(d)
  if d.job then return true end
  if d.event == 'batch.completed' then
    local batch = redis.call('HMGET', K .. 'batch:' .. d.of, 'ends', 'open')
    return batch[1] == d.run and tonumber(batch[2] or '0') == 0
  end
  local job = redis.call('HMGET', K .. 'job:' .. d.of, 'run', 'status')
  return job[1] == d.run and not OPEN[job[2]]
end

-- An event as its caller's log shows it.
local function show_webhook(id, caller)
  local d = load(K .. 'webhook:' .. id)
  if d.caller ~= caller then return nil end
  d.id, d.url = id, redis.call('HGET', K .. 'webhook_to:' .. caller .. ':' .. d.to, 'url') or nil
  if d.status == 'waiting' then d.due = redis.call('ZSCORE', K .. 'webhooks_due:' .. caller, id) or nil end
  d.token, d.job = nil, nil
  return d
end

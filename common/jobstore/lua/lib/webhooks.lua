-- Webhooks: events to be sent to the addresses that callers named. An event's id holds its run, so that
-- a repeated script announces nothing twice. Each event waits in its caller's own set; one set of
-- callers holds their turns.

-- An address is kept as long as its latest job may still announce an event, and that may be sent.
local function renew_endpoint(caller, endpoint)
  redis.call('PEXPIRE', K .. 'webhook_to:' .. caller .. ':' .. endpoint, P.endpoint_ms)
  redis.call('PEXPIRE', K .. 'webhook_off:' .. caller, P.endpoint_ms)
end

-- Remembers where the events of a submission go, and the base of their links.
local function know_endpoint(caller, webhook)
  redis.call('HSET', K .. 'webhook_to:' .. caller .. ':' .. webhook.id, 'url', webhook.url,
    'base', webhook.base)
  renew_endpoint(caller, webhook.id)
end

local function is_waiting(id)
  return redis.call('HGET', K .. 'webhook:' .. id, 'status') == 'waiting'
end

-- A caller's turn is when its first event is due, not before `soonest`, and within a lease's time in
-- any case.
local function give_turn(caller, soonest)
  local first = redis.call('ZRANGE', K .. 'webhooks_due:' .. caller, 0, 0, 'WITHSCORES')
  if not first[1] then return redis.call('ZREM', K .. 'webhooks_callers', caller) end
  local turn = math.min(math.max(tonumber(first[2]), soonest), now + P.webhook_lease_ms)
  redis.call('ZADD', K .. 'webhooks_callers', turn, caller)
end

-- Keeps a caller's log within its bounds; events that still wait are no longer listed, but sent.
local function trim_log(caller)
  local log = K .. 'webhook_log:' .. caller
  for _, id in ipairs(redis.call('ZRANGE', log, 0, -P.webhook_log_max - 1)) do
    redis.call('ZREM', log, id)
    if not is_waiting(id) then redis.call('DEL', K .. 'webhook:' .. id) end
  end
  redis.call('ZREMRANGEBYSCORE', log, '-inf', now - P.webhook_log_ms - P.webhook_way_ms)
  redis.call('PEXPIRE', log, P.webhook_log_ms + P.webhook_way_ms)
end

-- Records a new event; nothing else does.
local function announce(id, caller, endpoint, event, subject, run)
  local name = K .. 'webhook:' .. id
  if redis.call('EXISTS', name) == 1 then return end
  redis.call('HSET', name, 'schema', SCHEMA, 'caller', caller, 'to', endpoint, 'event', event,
    'of', subject, 'run', run, 'made', now, 'status', 'waiting', 'tries', 0, 'sent', 0)
  redis.call('ZADD', K .. 'webhook_log:' .. caller, now, id)
  trim_log(caller)
  redis.call('ZADD', K .. 'webhooks_due:' .. caller, now, id)
  redis.call('ZADD', K .. 'webhooks_callers', 'LT', now, caller)
  renew_endpoint(caller, endpoint)
end

-- Ends an event: `delivered`, `failed`, `disabled`, or `superseded`.
local function end_webhook(id, caller, status)
  local name = K .. 'webhook:' .. id
  redis.call('ZREM', K .. 'webhooks_due:' .. caller, id)
  redis.call('ZREM', K .. 'webhooks_out:' .. caller, id)
  redis.call('HSET', name, 'status', status)
  redis.call('HDEL', name, 'token', 'job')
  if redis.call('ZSCORE', K .. 'webhook_log:' .. caller, id) then
    redis.call('PEXPIRE', name, P.webhook_log_ms)
  else
    redis.call('DEL', name)
  end
  count('webhooks_' .. status)
end

-- Announces a batch's end once it takes no more photos and none of its jobs is open. A batch that runs
-- again, because a job was retried, ends again.
local function announce_batch(batch)
  if takes_photos(batch) then return end
  local record = K .. 'batch:' .. batch
  local known = redis.call('HMGET', record, 'caller', 'webhook', 'open')
  if not known[2] or tonumber(known[3] or '0') > 0 then return end
  local run = redis.call('HINCRBY', record, 'ends', 1)
  announce('batch_' .. batch .. '_' .. run, known[1], known[2], 'batch.completed', batch, run)
end

-- Counts a batch's open jobs; only batches with a webhook need it.
local function count_open_in(batch, by)
  local record = K .. 'batch:' .. batch
  if redis.call('HEXISTS', record, 'webhook') == 0 then return end
  if redis.call('HINCRBY', record, 'open', by) == 0 then announce_batch(batch) end
end

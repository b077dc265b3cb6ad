#!lua flags=allow-oom
-- webhook_record: records the outcome of sending an event.
-- Before: webhook_claim leased it under this token, else `refused`: its lease ended, and it is sent
-- again. After `delivered`: it has ended. `disabled`: it has ended, and so will all others to that
-- address. `failed`: it was the last attempt. `waiting`: it is due again after a pause.
local a = cjson.decode(ARGV[1])
local name = K .. 'webhook:' .. a.webhook
local d = load(name)

local function note()
  local sent = redis.call('HINCRBY', name, 'sent', 1)
  redis.call('HSET', name, 'log.' .. sent, string.format('%d %s %d', now - a.ms, a.answer, a.ms))
  redis.call('HDEL', name, 'log.' .. sent - P.webhook_attempts_kept)
  count('webhook_attempts_' .. a.outcome)
end

local function wait_or_fail()
  local pause_ms = P.webhook_delays_ms[tonumber(d.tries) + 1]
  if not pause_ms then return 'failed' end
  redis.call('HINCRBY', name, 'tries', 1)
  redis.call('HDEL', name, 'token')
  redis.call('ZREM', K .. 'webhooks_out:' .. d.caller, a.webhook)
  redis.call('ZADD', K .. 'webhooks_due:' .. d.caller, now + math.floor(pause_ms * a.jitter), a.webhook)
  return 'waiting'
end

if d.status ~= 'waiting' or d.token ~= a.token then return cjson.encode({ outcome = 'refused' }) end
note()
if a.outcome == 'gone' then disable(d.caller, d.to) end
local status = a.outcome == 'delivered' and 'delivered' or a.outcome == 'gone' and 'disabled'
  or wait_or_fail()
if status ~= 'waiting' then end_webhook(a.webhook, d.caller, status) end
give_turn(d.caller, now)
return cjson.encode({ outcome = status })

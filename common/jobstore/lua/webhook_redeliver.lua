#!lua flags=allow-oom
-- webhook_redeliver: sends an event again, now, under its id, with all its attempts.
-- After `waiting`: it is due. `not_found`: this caller has no such event. `disabled`: its address is
-- disabled. `superseded`: its job or batch is gone, or runs again.
local a = cjson.decode(ARGV[1])
local name = K .. 'webhook:' .. a.webhook
local d = load(name)
local function run()
  if not d.caller or d.caller ~= a.caller then return 'not_found' end
  local to = redis.call('HMGET', K .. 'webhook_to:' .. a.caller .. ':' .. d.to, 'url', 'off')
  if to[2] then return 'disabled' end
  if not to[1] or not is_tellable(d) then return 'superseded' end
  redis.call('HSET', name, 'status', 'waiting', 'tries', 0, 'claims', d.sent)
  redis.call('PERSIST', name)
  renew_endpoint(a.caller, d.to)
  if not redis.call('ZSCORE', K .. 'webhooks_out:' .. a.caller, a.webhook) then -- else it is being sent
    redis.call('ZADD', K .. 'webhooks_due:' .. a.caller, now, a.webhook)
    give_turn(a.caller, now)
  end
  return 'waiting'
end
return cjson.encode({ outcome = run() })

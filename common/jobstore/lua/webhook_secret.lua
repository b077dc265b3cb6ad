#!lua flags=allow-oom
-- webhook_secret: the secrets that a caller's webhooks are signed with.
-- After: it has one; `fresh` if it had none. With `rotate`, `fresh` replaces the current one, which still
-- signs for a while; a call that is repeated after a lost answer rotates once.
local a = cjson.decode(ARGV[1])
local name = K .. 'webhook_secret:' .. a.caller
local known = redis.call('HGET', name, 'current')
if a.rotate and known and known ~= a.fresh then
  redis.call('HSET', name, 'current', a.fresh, 'former', known,
    'former_until', now + P.webhook_overlap_ms)
end
return cjson.encode(secrets_of(a.caller, a.fresh))

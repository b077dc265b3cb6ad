#!lua flags=allow-oom
-- keys_used: records that API keys were used just now; revoked keys are ignored.
local a = cjson.decode(ARGV[1])
for _, prefix in ipairs(a.prefixes) do
  if redis.call('HEXISTS', K .. 'api_keys', prefix) == 1 then
    redis.call('HSET', K .. 'api_keys_used', prefix, string.format('%d', now))
  end
end
return 'ok'

#!lua flags=allow-oom
-- key_add: lets a new API key in; figures given for its caller's share hold for all its keys.
-- Before: no key has the prefix, else nothing is changed (`added` false). After: `keys` answers it,
-- and whoever knew the keys by the former mark sees that they have changed.
local a = cjson.decode(ARGV[1])
local known = redis.call('HGET', K .. 'api_keys', a.prefix)
if known then  -- this very call after a lost answer, or somebody else's
  return cjson.encode({ added = cjson.decode(known).sha256 == a.sha256 })
end
redis.call('HSET', K .. 'api_keys', a.prefix, cjson.encode({ sha256 = a.sha256, name = a.name,
  scopes = a.scopes, created = string.format('%d', now) }))
for figure, value in pairs(a.share) do
  redis.call('HSET', K .. 'api_share:' .. a.name, figure, value)
end
redis.call('SET', K .. 'api_keys_mark', a.mark)
return cjson.encode({ added = true })

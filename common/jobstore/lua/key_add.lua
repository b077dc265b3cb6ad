#!lua flags=allow-oom
-- key_add: adds an API key; figures given for its caller's share apply to all its keys.
-- Before: no key has the prefix, else nothing is changed (`added` is false). After: `keys` returns it,
-- and the mark has changed.
local a = cjson.decode(ARGV[1])
local known = redis.call('HGET', K .. 'api_keys', a.prefix)
if known then  -- this same call after a lost answer, or another key
  return cjson.encode({ added = cjson.decode(known).sha256 == a.sha256 })
end
redis.call('HSET', K .. 'api_keys', a.prefix, cjson.encode({ sha256 = a.sha256, name = a.name,
  scopes = a.scopes, created = string.format('%d', now) }))
for figure, value in pairs(a.share) do
  redis.call('HSET', K .. 'api_share:' .. a.name, figure, value)
end
redis.call('SET', K .. 'api_keys_mark', a.mark)
return cjson.encode({ added = true })

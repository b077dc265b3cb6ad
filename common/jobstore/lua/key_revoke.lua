#!lua flags=allow-oom
-- key_revoke: revokes an API key; its caller's share is deleted with the last of its keys.
-- After `revoked`: `keys` does not return it, and the mark has changed. Not `revoked`: no key has the
-- prefix, unless this is the same call after a lost answer.
local a = cjson.decode(ARGV[1])
local known = redis.call('HGET', K .. 'api_keys', a.prefix)
if not known then return cjson.encode({ revoked = a.repeated == true }) end
local name, others = cjson.decode(known).name, false
redis.call('HDEL', K .. 'api_keys', a.prefix)
redis.call('HDEL', K .. 'api_keys_used', a.prefix)
for _, text in ipairs(redis.call('HVALS', K .. 'api_keys')) do
  others = others or cjson.decode(text).name == name
end
if not others then redis.call('DEL', K .. 'api_share:' .. name) end
redis.call('SET', K .. 'api_keys_mark', a.mark)
return cjson.encode({ revoked = true })

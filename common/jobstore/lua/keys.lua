#!lua flags=no-writes
-- keys: all API keys with their callers' shares; only the mark if it is the given one.
-- The mark is empty until the first key; it changes with every key added or revoked.
local a = cjson.decode(ARGV[1])
local mark = redis.call('GET', K .. 'api_keys_mark') or ''
if mark == a.mark then return cjson.encode({ mark = mark }) end
local keys, shares = {}, {}
for prefix, text in pairs(load(K .. 'api_keys')) do
  keys[prefix] = cjson.decode(text)
  local name = keys[prefix].name
  shares[name] = shares[name] or load(K .. 'api_share:' .. name)
end
return cjson.encode({ mark = mark, keys = keys, shares = shares, used = load(K .. 'api_keys_used') })

#!lua flags=no-writes
-- webhook_off: a caller's disabled addresses, newest first; bounded.
local a = cjson.decode(ARGV[1])
local shown = {}
local found = redis.call('ZREVRANGE', K .. 'webhook_off:' .. a.caller, 0, P.webhook_off_max - 1, 'WITHSCORES')
for i = 1, #found, 2 do
  local url = redis.call('HGET', K .. 'webhook_to:' .. a.caller .. ':' .. found[i], 'url')
  if url then shown[#shown + 1] = { id = found[i], url = url, since = found[i + 1] } end
end
return cjson.encode(#shown > 0 and shown or EMPTY)

#!lua flags=allow-oom
-- batch_cancel: ends all that is open in a batch; a no-op when it has ended.
-- After: those jobs are canceled, what was finished stays; a batch that was still being received
-- takes no more photos, and is forgotten when it has none. `cause` tells its caller's wish from a
-- receipt that broke off.
local a = cjson.decode(ARGV[1])
if redis.call('HGET', K .. 'batch:' .. a.batch, 'caller') ~= a.caller then
  return cjson.encode({ outcome = 'not_found' })
end
return cjson.encode({ outcome = 'canceled', jobs = close_batch(a.batch, a.cause) })

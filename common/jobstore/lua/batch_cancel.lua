#!lua flags=allow-oom
-- batch_cancel: cancels all open jobs of a batch; a no-op if it has ended.
-- After: finished jobs stay. A batch that was still being received takes no more photos, and is
-- forgotten if it has none. `cause` tells a request of its caller from an upload that broke off.
local a = cjson.decode(ARGV[1])
if redis.call('HGET', K .. 'batch:' .. a.batch, 'caller') ~= a.caller then
  return cjson.encode({ outcome = 'not_found' })
end
return cjson.encode({ outcome = 'canceled', jobs = close_batch(a.batch, a.cause) })

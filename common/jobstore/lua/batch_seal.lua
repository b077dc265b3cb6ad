#!lua flags=allow-oom
-- batch_seal: reports that a whole batch was received.
-- After `sealed`: it takes no more photos, and its idempotency key replays it from now on.
-- `batch_closed`: it was canceled or has lapsed.
local a = cjson.decode(ARGV[1])
local record = K .. 'batch:' .. a.batch
local known = redis.call('HMGET', record, 'received', 'idempotency')
if known[1] then return cjson.encode({ outcome = 'sealed' }) end -- the same call after a lost answer
local closed = batch_is_closed(a)
if closed then return cjson.encode(closed) end
redis.call('ZREM', K .. 'receiving', a.batch)
redis.call('HSET', record, 'received', now)
redis.call('HDEL', record, 'overdue')
if known[2] then
  local seen = K .. 'idem:' .. known[2]
  redis.call('HSET', seen, 'batch', a.batch, 'print', a.fingerprint)
  redis.call('PEXPIRE', seen, P.idempotency_ms)
end
announce_batch(a.batch)
return cjson.encode({ outcome = 'sealed' })

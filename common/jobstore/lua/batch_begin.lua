#!lua
-- batch_begin: begins a batch that photos can be submitted to.
-- Before: no photo of it is stored. After `begun`: it takes photos until it is sealed, canceled or
-- lapses, and its idempotency key names it. `replayed`: that key's batch has already been received;
-- nothing is begun. `busy`: it is still being received. Or `queue_full`.
local a = cjson.decode(ARGV[1])
local record = K .. 'batch:' .. a.batch
local seen = a.idempotency and K .. 'idem:' .. a.idempotency

local function before()
  if not seen then return nil end
  local known = redis.call('HMGET', seen, 'batch', 'print')
  if not known[1] or redis.call('EXISTS', K .. 'batch:' .. known[1]) == 0 then return nil end
  if known[2] then
    return { outcome = 'replayed', batch = known[1], fingerprint = known[2] }
  end
  if takes_photos(known[1]) then return { outcome = 'busy' } end
end

local function run()
  local begun = { outcome = 'begun', batch = a.batch }
  if redis.call('EXISTS', record) == 1 then return begun end -- the same call after a lost answer
  local known = before()
  if known then return known end
  if lack_of_room() == 'memory' then return { outcome = 'queue_full', cause = 'memory' } end
  redis.call('HSET', record, 'schema', SCHEMA, 'caller', a.caller, 'created', now, 'secret', a.secret)
  if a.webhook then
    know_endpoint(a.caller, a.webhook)
    redis.call('HSET', record, 'webhook', a.webhook.id)
  end
  redis.call('PEXPIRE', record, P.batch_ms)
  redis.call('ZADD', K .. 'receiving', now + P.receive_ms, a.batch)
  if seen then
    redis.call('HSET', record, 'idempotency', a.idempotency)
    redis.call('DEL', seen)
    redis.call('HSET', seen, 'batch', a.batch)
    redis.call('PEXPIRE', seen, P.idempotency_ms)
  end
  count('batches_begun')
  return begun
end
return cjson.encode(run())

-- Batch endings: what the caller's cancel and the keeper's lapse share.

-- Cancels all open jobs of a batch. One that was still being received takes no more photos, and its
-- idempotency key is free again: its request never got an answer.
local function close_batch(batch, cause)
  local record = K .. 'batch:' .. batch
  local was_receiving = redis.call('ZREM', K .. 'receiving', batch) == 1
  local idempotency = redis.call('HGET', record, 'idempotency')
  if was_receiving and idempotency then redis.call('DEL', K .. 'idem:' .. idempotency) end
  if was_receiving and redis.call('EXISTS', K .. 'items:' .. batch) == 0 then
    redis.call('DEL', record) -- no client knows of it
    return 0
  end
  local canceled = 0
  for _, text in ipairs(redis.call('HVALS', K .. 'items:' .. batch)) do
    local id = cjson.decode(text).job
    local status = id and redis.call('HGET', K .. 'job:' .. id, 'status')
    if status and OPEN[status] then
      withdraw(id, 'canceled')
      canceled = canceled + 1
    end
  end
  if was_receiving or canceled > 0 then
    redis.call('HSET', record, 'closed', now, 'cause', cause)
  end
  if was_receiving and canceled == 0 then announce_batch(batch) end -- else the end of its last job did
  return canceled
end

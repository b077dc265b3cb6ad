-- Batches: photos that were submitted by one request. A batch's record holds what they share; its items
-- hold each photo's label and its job, or its error. Both expire at the same moment.

-- Whether a batch still takes photos.
local function takes_photos(batch)
  return redis.call('ZSCORE', K .. 'receiving', batch) and true or false
end

-- Its receiver is alive.
local function renew_receipt(batch)
  redis.call('ZADD', K .. 'receiving', 'XX', now + P.receive_ms, batch)
  redis.call('HDEL', K .. 'batch:' .. batch, 'overdue')
end

local function write_item(batch, number, item)
  local items, left = K .. 'items:' .. batch, redis.call('PTTL', K .. 'batch:' .. batch)
  if left <= 0 then return end
  redis.call('HSET', items, number, cjson.encode(item))
  redis.call('PEXPIRE', items, left)
end

-- A job of a batch names it, and becomes its item at the same moment.
local function list_in_batch(a)
  redis.call('HSET', K .. 'job:' .. a.job, 'batch', a.batch, 'item', a.item)
  write_item(a.batch, a.item, { file = a.file, job = a.job })
  renew_receipt(a.batch)
end

-- A job's record is deleted; its item keeps how it ended.
local function keep_in_batch(id)
  local job = redis.call('HMGET', K .. 'job:' .. id, 'batch', 'item', 'status', 'error')
  local text = job[1] and redis.call('HGET', K .. 'items:' .. job[1], job[2])
  if not text then return end
  local item = cjson.decode(text)
  item.status, item.error = job[3], job[4] and cjson.decode(job[4]) or nil
  write_item(job[1], job[2], item)
end

-- A refusal for a photo whose batch takes no more, or nil.
local function batch_is_closed(a)
  if a.batch and not takes_photos(a.batch) then return { outcome = 'batch_closed' } end
end

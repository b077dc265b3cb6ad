-- Objects: who holds them, and which are doomed. Also `load` and `count`, which nearly all verbs use.
-- Invariant: every stored object has a holder, or is in `doomed` or `deleting`.

-- A held object is never doomed: a verb that is repeated after a lost answer must not harm it.
local function doom(name, due)
  if redis.call('EXISTS', K .. 'holders:' .. name) == 1 then return end
  redis.call('ZADD', K .. 'doomed', due, name)
end

-- Holders: a job, or a render in flight. Names are short, so that a small set stays packed in memory
-- (values over 64 bytes would unpack it); 128 bits of the key are enough.
local function job_holder(id) return 'j:' .. id end
local function render_holder(key) return 'r:' .. string.sub(key, 1, 32) end

local function hold(name, holder)
  redis.call('SADD', K .. 'holders:' .. name, holder)
end

-- Removes a holder; an object without holders is doomed. Returns whether it was the last one.
local function drop(name, holder, due)
  local holders = K .. 'holders:' .. name
  if redis.call('SREM', holders, holder) == 0 then return false end
  if redis.call('EXISTS', holders) == 1 then return false end
  doom(name, due)
  return true
end

-- A hash as a table; empty if there is none.
local function load(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function count(name, by)
  redis.call('HINCRBY', K .. 'counts', name, by or 1)
end

-- Whether a picture is due for its hourly check: it may vanish from the storage without our knowledge.
-- One that was made within the hour needs none.
local function is_unseen(name, made)
  return now - made > P.check_ms and redis.call('EXISTS', K .. 'present:' .. name) == 0
end

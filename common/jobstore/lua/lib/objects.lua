-- Objects: who holds them, and which are doomed.
-- Invariant: no object exists that neither a holder nor `doomed` (or `deleting`) names.

-- A held object is never doomed: a verb repeated after a lost answer must not harm it.
local function doom(name, due)
  if redis.call('EXISTS', K .. 'holders:' .. name) == 1 then return end
  redis.call('ZADD', K .. 'doomed', due, name)
end

-- Who holds: a job, or a render in flight. Short, so that a set of few stays packed in memory
-- (values over 64 bytes would unpack it); 128 bits of the key name it well enough.
local function job_holder(id) return 'j:' .. id end
local function render_holder(key) return 'r:' .. string.sub(key, 1, 32) end

local function hold(name, holder)
  redis.call('SADD', K .. 'holders:' .. name, holder)
end

-- Lets go of an object; at zero holders it is doomed. Returns whether it was the last holder.
local function drop(name, holder, due)
  local holders = K .. 'holders:' .. name
  if redis.call('SREM', holders, holder) == 0 then return false end
  if redis.call('EXISTS', holders) == 1 then return false end
  doom(name, due)
  return true
end

-- A hash as a table; empty when there is none.
local function load(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function count(name, by)
  redis.call('HINCRBY', K .. 'counts', name, by or 1)
end

-- A picture may vanish from the storage behind our back; once an hour somebody looks.
-- Whether it is time to look. What was made within that hour was there when it was made.
local function is_unseen(name, made)
  return now - made > P.check_ms and redis.call('EXISTS', K .. 'present:' .. name) == 0
end

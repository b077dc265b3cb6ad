-- Presence: a picture may vanish from the storage behind our back. Once an hour somebody looks.

-- Whether it is time to look. What was made within that hour was there when it was made.
local function is_unseen(name, made)
  return now - made > P.check_ms and redis.call('EXISTS', K .. 'present:' .. name) == 0
end

-- The picture that a hit would hand out, if somebody must look for it first; or nil.
local function unseen_hit(a)
  if a.trusts_cache then return nil end
  local r = redis.call('HMGET', K .. 'render:' .. a.key, 'state', 'output_name', 'finished')
  if r[1] == 'done' and is_unseen(r[2], tonumber(r[3])) then
    return { outcome = 'check_output', object = r[2] }
  end
end

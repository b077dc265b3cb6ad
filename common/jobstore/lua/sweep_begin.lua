#!lua flags=allow-oom
-- sweep_begin: returns the objects to delete now. After: they are in `deleting`, no longer in
-- `doomed`, so no script commits them. Earlier ones that were never confirmed are returned again, in the
-- order of when they were due or last returned, so that an object that cannot be deleted blocks no
-- other. The name of an attempt that still owns its render is put off: its worker may be writing.
local a = cjson.decode(ARGV[1])

local function is_being_written(name)
  local key = string.match(name, '^outputs/(%x+)/')
  if not key then return false end
  local r = redis.call('HMGET', K .. 'render:' .. key, 'state', 'output_name')
  return r[1] == 'running' and r[2] == name
end

pull_in('doomed', P.doomed_ms, a.most)
for _, name in ipairs(due_in('doomed', a.most)) do
  if is_being_written(name) then
    redis.call('ZADD', K .. 'doomed', now + P.upload_ms, name)
  else
    local since = redis.call('ZSCORE', K .. 'doomed', name)
    redis.call('ZREM', K .. 'doomed', name)
    redis.call('ZADD', K .. 'deleting', since, name)
  end
end
local names = redis.call('ZRANGE', K .. 'deleting', 0, a.most - 1)
for _, name in ipairs(names) do redis.call('ZADD', K .. 'deleting', 'XX', now, name) end
return cjson.encode(#names > 0 and names or EMPTY)

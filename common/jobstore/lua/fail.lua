#!lua flags=allow-oom
-- fail: ends an attempt that failed with a known error.
-- After `failed`: a final cause, or the last counted attempt, ended the jobs. `delayed`: the
-- render is back with its old tag after a pause. `unwanted`: no job waits, it is forgotten.
-- `refused`: the token no longer owns it. The output's name stays doomed as claim left it: a storage
-- that reported an error may still finish the write.
local a = cjson.decode(ARGV[1])
local render = K .. 'render:' .. a.key
local r = load(render)
if not owns(r, a.token) then return cjson.encode({ outcome = 'refused' }) end
end_attempt(a.key, r)
count('attempts_failed')
local attempts = tonumber(r.attempts)
local is_last = attempts >= P.attempts
if not a.retryable or is_last then
  end_failed(a.key, r, { code = a.code, message = a.message, retryable = a.retryable }, a.retryable)
  return cjson.encode({ outcome = 'failed' })
end
if redis.call('EXISTS', K .. 'attached:' .. a.key) == 0 then
  forget_render(a.key, r)
  return cjson.encode({ outcome = 'unwanted' })
end
local due = now + P.delays_ms[math.min(attempts, #P.delays_ms)]
redis.call('HSET', render, 'state', 'delayed', 'stage', 'waiting', 'cause', a.code,
  'failed_by', (r.failed_by or '|') .. r.process .. '|')
redis.call('ZADD', K .. 'delayed', due, a.key)
for _, id in ipairs(attached(a.key)) do move_job(id, 'queued') end
return cjson.encode({ outcome = 'delayed' })

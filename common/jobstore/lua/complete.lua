#!lua flags=allow-oom
-- complete: commits a render's picture.
-- Before: the picture is stored under the name that claim returned. After `committed`: all attached
-- jobs have succeeded and hold the picture, the render is done and serves hits. `refused` (the token
-- no longer owns the attempt, or the name was swept) and `unwanted` (no job is attached) leave the
-- picture doomed, due now.
local a = cjson.decode(ARGV[1])
local render = K .. 'render:' .. a.key
local r = load(render)
if redis.call('EXISTS', K .. 'holders:' .. a.name) == 1 then
  return cjson.encode({ outcome = 'committed', jobs = 0 }) -- the same call after a lost answer
end
if not owns(r, a.token) or not redis.call('ZSCORE', K .. 'doomed', a.name) then
  doom(a.name, now)
  return cjson.encode({ outcome = 'refused' })
end
local jobs = attached(a.key)
end_attempt(a.key, r)
if #jobs == 0 then
  doom(a.name, now)
  forget_render(a.key, r)
  return cjson.encode({ outcome = 'unwanted' })
end
r.output, r.output_name, r.execution, r.stages = a.output, a.name, a.execution, a.stages
for _, id in ipairs(jobs) do succeed_job(id, r) end
redis.call('ZREM', K .. 'doomed', a.name)
redis.call('HSET', render, 'state', 'done', 'finished', now, 'output', a.output,
  'execution', a.execution, 'stages', a.stages)
redis.call('HDEL', render, 'token', 'process', 'stage', 'renewed', 'spent', 'limit', 'tag',
  'arrival', 'ext', 'lost', 'attempt_started', 'eta', 'failed_by')
redis.call('DEL', K .. 'attached:' .. a.key)
drop(r.input, render_holder(a.key), now)
count('renders_done')
note_promise(r)
count_time('took', math.max(0, now - tonumber(r.created)))
return cjson.encode({ outcome = 'committed', jobs = #jobs })

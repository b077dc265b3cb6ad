#!lua flags=allow-oom
-- move: moves a waiting render to another version of its style, under its new key.
-- After: its jobs joined or hit the render of that key, or it stands in the new line, as far behind
-- that line's time as it stood behind its own: each line has its own v, and a tag means nothing in
-- another line. So the order among moved renders stays, and none of them overtakes what the new line
-- has already begun. No cap applies when they join: they were admitted. `gone`: it no longer waited.
local a = cjson.decode(ARGV[1])
local old = K .. 'render:' .. a.key
local r = load(old)
if r.state ~= 'waiting' then return cjson.encode({ outcome = 'gone' }) end
r.tag = exact(math.max(tonumber(r.tag) - line_time(r.line), 0) + line_time(a.line))
local jobs, target, hints = attached(a.key), load(K .. 'render:' .. a.new_key), {}
line_remove(a.key, r)
for _, id in ipairs(jobs) do
  redis.call('HSET', K .. 'job:' .. id, 'version', a.version, 'render', a.new_key)
end

if not target.state then
  redis.call('RENAME', old, K .. 'render:' .. a.new_key)
  redis.call('RENAME', K .. 'attached:' .. a.key, K .. 'attached:' .. a.new_key)
  hold(r.input, render_holder(a.new_key))
  drop(r.input, render_holder(a.key), now)
  r.line = a.line
  redis.call('HSET', K .. 'render:' .. a.new_key, 'line', r.line, 'tag', r.tag)
  line_push(a.new_key, r)
  hint(hints, a.line, a.new_key)
  return cjson.encode({ outcome = 'moved', hints = hints })
end

for _, id in ipairs(jobs) do
  change_input(id, r.input, target.input)
  if target.state == 'done' then
    redis.call('HSET', K .. 'job:' .. id, 'cache', 'hit')
    succeed_job(id, target, now - target.finished)
  else
    redis.call('SADD', K .. 'attached:' .. a.new_key, id)
    if target.state == 'running' then
      move_job(id, 'running')
      redis.call('HSETNX', K .. 'job:' .. id, 'started', now)
    end
  end
end
if target.state ~= 'done' then lower_tag(a.new_key, target, tonumber(r.tag)) end
redis.call('DEL', K .. 'attached:' .. a.key)
forget_render(a.key, r)
return cjson.encode({ outcome = target.state == 'done' and 'hit' or 'joined', hints = EMPTY })

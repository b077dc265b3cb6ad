#!lua flags=allow-oom
-- claim: claims the head of a line for a process.
-- After `claimed`: the attempt is counted, the render is running under the token with a lease, the
-- output's name is doomed, its jobs are running. `empty`: the line is empty. `wait`: this process is
-- alone with a suspect, or has volunteered for one and must first finish what it holds, or has
-- failed with all of the first renders.
-- A call that is repeated with the same token, because its answer was lost or late, returns the same
-- claim, in whichever order the two calls arrive.
local a = cjson.decode(ARGV[1])
local process, held = K .. 'process:' .. a.process, K .. 'held:' .. a.process
local clock = K .. 'clock:' .. a.line

local function head(set, from, to)
  local found, members = redis.call('ZRANGE', K .. set .. a.line, from, to, 'WITHSCORES'), {}
  for i = 1, #found, 2 do
    members[#members + 1] = { member = found[i], tag = tonumber(found[i + 1]) }
  end
  return members
end

-- Whether a render should be left to another process: this one has failed with it, and one that has
-- not is alive. So one sick worker alone cannot use up a render's attempts.
local function is_for_others(first)
  local failed_by = redis.call('HGET', K .. 'render:' .. member_key(first.member), 'failed_by')
  local function has_failed(who) return string.find(failed_by, '|' .. who .. '|', 1, true) end
  if not failed_by or not has_failed(a.process) then return false end
  for _, member in ipairs(crew(a.line)) do
    if member.state == 'ready' and not has_failed(member.process) then return true end
  end
  return false
end

-- The first render of the line that this process may take, and whether some were passed over.
local function first_good()
  local first = head('line:', 0, 0)[1]
  if not first then return nil, false end
  if not is_for_others(first) then return first, false end
  for _, next in ipairs(head('line:', 1, P.pass_over)) do
    if not is_for_others(next) then return next, true end
  end
  return nil, true
end

-- Whether this process is the line's volunteer; it becomes the volunteer if none is alive. An end
-- further off than a lease is from before a step of the clock.
local function volunteers()
  local who = redis.call('HMGET', clock, 'volunteer', 'volunteer_until')
  local ends = tonumber(who[2] or '0')
  if who[1] and who[1] ~= a.process and now < ends and ends <= now + P.lease_ms then return false end
  redis.call('HSET', clock, 'volunteer', a.process, 'volunteer_until', now + P.lease_ms)
  redis.call('HSET', process, 'volunteer_line', a.line)
  redis.call('PEXPIRE', process, P.process_ms)
  return true
end

local function volunteer_no_more()
  stand_down(a.line, a.process)
  redis.call('HDEL', process, 'volunteer_line')
end

local function answer(key)
  local r, id = load(K .. 'render:' .. key), one_attached(key)
  local job = redis.call('HMGET', K .. 'job:' .. id, 'params', 'style', 'version')
  return cjson.encode({ outcome = 'claimed', key = key, input = r.input, output = r.output_name,
    params = job[1], style = job[2], version = job[3], attempt = tonumber(r.attempts),
    px = tonumber(r.px), job = id, is_suspect = tonumber(r.lost) > 0,
    limit_ms = tonumber(r.limit) })
end

-- The render that an earlier call with this token claimed, if a job still waits for it.
local function taken_before()
  for _, key in ipairs(redis.call('HKEYS', held)) do
    local r = redis.call('HMGET', K .. 'render:' .. key, 'state', 'token')
    if owns({ state = r[1], token = r[2] }, a.token) and one_attached(key) then return key end
  end
end

-- The render to claim, or why there is none.
local function choose()
  local mine = redis.call('HMGET', process, 'alone', 'volunteer_line')
  if mine[1] then return nil, 'wait' end
  local suspect, good, passed = head('suspects:', 0, 0)[1], first_good()
  if mine[2] and mine[2] ~= a.line then
    if redis.call('HGET', K .. 'clock:' .. mine[2], 'volunteer') == a.process then return nil, 'wait' end
    redis.call('HDEL', process, 'volunteer_line')
  end
  if suspect and (not good or suspect.tag <= good.tag) and volunteers() then
    if redis.call('HLEN', held) > 0 then return nil, 'wait' end
    volunteer_no_more()
    return suspect, nil, true
  end
  -- It volunteers again when its turn comes: this thread goes on with a render, and no other thread
  -- may be claiming from this line. Else an idle volunteer would block its process in other lines.
  if mine[2] == a.line and (good or not suspect) then volunteer_no_more() end
  return good, passed and 'wait' or 'empty'
end

-- A member of the line whose record is gone would block all behind it.
local function drop_broken(key, member)
  redis.call('ZREM', K .. 'suspects:' .. a.line, member)
  redis.call('ZREM', K .. 'line:' .. a.line, member)
  redis.call('HINCRBY', clock, 'waiting_px', -member_px(member))
  end_broken(key)
end

local before = taken_before()
if before then return answer(before) end
local first, nothing, is_suspect, key, r
repeat
  first, nothing, is_suspect = choose()
  if not first then return cjson.encode({ outcome = nothing }) end
  key = member_key(first.member)
  r = load(K .. 'render:' .. key)
  if not r.state then drop_broken(key, first.member) end
until r.state

line_remove(key, r)
raise_time(a.line, first.tag)
redis.call('HINCRBY', clock, 'running_px', r.px)
redis.call('HSET', held, key, r.px)
redis.call('PEXPIRE', held, P.process_ms)
if is_suspect then
  redis.call('HSET', process, 'alone', key)
  redis.call('PEXPIRE', process, P.process_ms)
end

local all_px = 0
for _, px in ipairs(redis.call('HVALS', held)) do all_px = all_px + tonumber(px) end
local limit_ms = math.floor(math.max(P.limit_ms, 10 * a.seconds_per_mp * 1000 * all_px / 1e6))
local output_name = 'outputs/' .. key .. '/' .. a.token .. '.' .. r.ext
doom(output_name, now + limit_ms + P.upload_ms)
redis.call('HINCRBY', K .. 'render:' .. key, 'attempts', 1)
redis.call('HSET', K .. 'render:' .. key, 'state', 'running', 'token', a.token,
  'process', a.process, 'stage', 'fetching', 'attempt_started', now, 'renewed', now, 'spent', 0,
  'limit', limit_ms, 'output_name', output_name)
redis.call('ZADD', K .. 'leases', now + P.lease_ms, key)
for _, id in ipairs(attached(key)) do
  move_job(id, 'running')
  redis.call('HSETNX', K .. 'job:' .. id, 'started', now)
end
return answer(key)

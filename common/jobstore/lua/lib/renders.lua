-- Renders: attempts, how they end, and what that means for the attached jobs.

local function attached(key) return redis.call('SMEMBERS', K .. 'attached:' .. key) end
local function one_attached(key) return redis.call('SRANDMEMBER', K .. 'attached:' .. key) end

-- Whether this token still owns the render's current attempt.
local function owns(r, token) return r.state == 'running' and r.token == token end

-- Forgets a render in flight: its key is free, and only jobs hold its input.
local function forget_render(key, r)
  drop(r.input, render_holder(key), now)
  redis.call('DEL', K .. 'render:' .. key, K .. 'attached:' .. key)
end

-- A process no longer holds a render.
local function release_hold(name, key)
  redis.call('HDEL', K .. 'held:' .. name, key)
  local process = K .. 'process:' .. name
  if redis.call('HGET', process, 'alone') == key then redis.call('HDEL', process, 'alone') end
end

-- Ends the current attempt's lease, whatever comes next.
local function end_attempt(key, r)
  redis.call('ZREM', K .. 'leases', key)
  release_hold(r.process, key)
  redis.call('HINCRBY', K .. 'clock:' .. r.line, 'running_px', -r.px)
end

-- Puts a render back into its line with its old tag; one without jobs is forgotten.
local function requeue(key, r, hints)
  local jobs = attached(key)
  if #jobs == 0 then return forget_render(key, r) end
  line_push(key, r)
  for _, id in ipairs(jobs) do move_job(id, 'queued') end
  hint(hints, r.line, key)
end

local function bury(id)
  redis.call('ZADD', K .. 'dead', now, id)
end

-- Ends a render without a picture: all its jobs fail, and its key is free again.
local function end_failed(key, r, failure, is_dead)
  for _, id in ipairs(attached(key)) do
    fail_job(id, failure, r.attempts)
    if is_dead then bury(id) end
  end
  if REMEMBERED[failure.code] and P.failure_ms > 0 then
    failure.until_ms = now + P.failure_ms
    failure.attempts = tonumber(r.attempts)
    redis.call('SET', K .. 'failure:' .. key, cjson.encode(failure), 'PX', P.failure_ms)
  end
  count('renders_failed')
  forget_render(key, r)
end

-- A counted attempt was lost with its worker: the render becomes a suspect, or fails for good.
local function lose_attempt(key, r, code, message, hints)
  count('attempts_lost')
  if tonumber(r.attempts) >= P.attempts then
    end_failed(key, r, { code = code, message = message, retryable = true }, true)
    return
  end
  r.lost = tonumber(r.lost or '0') + 1
  redis.call('HSET', K .. 'render:' .. key, 'lost', r.lost)
  requeue(key, r, hints)
end

-- Detaches a job from its render; a waiting render leaves the line with its last job.
local function detach(id, key)
  local set = K .. 'attached:' .. key
  if redis.call('SREM', set, id) == 0 or redis.call('EXISTS', set) == 1 then return end
  local r = load(K .. 'render:' .. key)
  if r.state == 'waiting' then
    line_remove(key, r)
    forget_render(key, r)
  elseif r.state == 'delayed' then
    redis.call('ZREM', K .. 'delayed', key)
    forget_render(key, r)
  end
end

-- Ends one open job without its render.
local function withdraw(id, to)
  local key = redis.call('HGET', K .. 'job:' .. id, 'render')
  end_job(id, to, 'attempts', redis.call('HGET', K .. 'render:' .. key, 'attempts') or 0)
  detach(id, key)
end

-- Ends a render in flight whose record is gone, by an operator's mistake or a Redis that evicts: its
-- jobs fail, and the renders behind it go on.
local function end_broken(key)
  count('records_broken')
  redis.call('ZREM', K .. 'leases', key)
  redis.call('ZREM', K .. 'delayed', key)
  for _, id in ipairs(attached(key)) do
    local job = redis.call('HMGET', K .. 'job:' .. id, 'status', 'input')
    if OPEN[job[1]] then
      drop(job[2], render_holder(key), now)
      fail_job(id, { code = 'internal', message = MESSAGES.internal, retryable = true }, 0)
      bury(id)
    end
  end
  redis.call('DEL', K .. 'attached:' .. key)
end

-- Removes a finished job as holder of its pictures; a finished render is deleted with its output.
local function release_pictures(id, due)
  local job = load(K .. 'job:' .. id)
  local gone = { source = false, result = false }
  if job.input and job.input ~= '' then
    gone.source = drop(job.input, job_holder(id), due)
  end
  if job.output_name then
    gone.result = drop(job.output_name, job_holder(id), due)
    if gone.result and redis.call('HGET', K .. 'render:' .. job.render, 'output_name') == job.output_name
      and redis.call('HGET', K .. 'render:' .. job.render, 'state') == 'done' then
      redis.call('DEL', K .. 'render:' .. job.render)
    end
  end
  return gone
end

-- Deletes an ended job's record and removes it from every index.
local function forget_job(id)
  keep_for_event(id, true)
  keep_in_batch(id)
  local job = redis.call('HMGET', K .. 'job:' .. id, 'caller', 'status')
  redis.call('ZREM', K .. 'jobs:' .. job[1], id)
  redis.call('HINCRBY', K .. 'states', job[2], -1)
  for _, index in ipairs({ 'expiries', 'forgets', 'dead', 'deadlines' }) do
    redis.call('ZREM', K .. index, id)
  end
  redis.call('DEL', K .. 'job:' .. id)
end

-- Jobs: records, states, and the counters that follow them.

local function move_job(id, to)
  local job = K .. 'job:' .. id
  local from = redis.call('HGET', job, 'status')
  if from == to then return end
  if not (from and MOVES[from .. ' ' .. to]) then
    error('job ' .. id .. ' may not go from ' .. tostring(from) .. ' to ' .. to)
  end
  redis.call('HSET', job, 'status', to)
  redis.call('HINCRBY', K .. 'states', from, -1)
  redis.call('HINCRBY', K .. 'states', to, 1)
end

local function open_job(id, caller, deadline, batch)
  redis.call('HINCRBY', K .. 'open', caller, 1)
  redis.call('ZADD', K .. 'deadlines', deadline, id)
  if batch then count_open_in(batch, 1) end
end

local function job_event(id, run) return 'job_' .. id .. '_' .. run end

-- Ends a job's run: state, times, counters, its webhook, and a message to those who wait for it.
local function end_job(id, to, ...)
  local job = K .. 'job:' .. id
  local known = redis.call('HMGET', job, 'caller', 'webhook', 'run', 'batch')
  local caller, webhook, run, batch = known[1], known[2], known[3], known[4]
  move_job(id, to)
  redis.call('HSET', job, 'finished', now, 'expires', now + P.retention_ms, ...)
  redis.call('ZREM', K .. 'deadlines', id)
  redis.call('ZADD', K .. 'expiries', now + P.retention_ms, id)
  redis.call('ZADD', K .. 'forgets', now + P.record_ms, id)
  if redis.call('HINCRBY', K .. 'open', caller, -1) <= 0 then
    redis.call('HDEL', K .. 'open', caller)
  end
  count('jobs_' .. to)
  if webhook then announce(job_event(id, run), caller, webhook, 'job.' .. to, id, run) end
  if batch then count_open_in(batch, -1) end
  redis.call('PUBLISH', K .. 'ended', id)
end

-- A job holds the input of the render that it is attached to or hit, and no other: so a picture's input
-- is stored as long as the picture.
local function change_input(id, before, after)
  if before == after then return end
  hold(after, job_holder(id))
  drop(before, job_holder(id), now)
  redis.call('HSET', K .. 'job:' .. id, 'input', after)
end

local function succeed_job(id, r, age)
  hold(r.output_name, job_holder(id))
  end_job(id, 'succeeded', 'output', r.output, 'output_name', r.output_name,
    'execution', r.execution, 'stages', r.stages, 'attempts', r.attempts)
  if age then redis.call('HSET', K .. 'job:' .. id, 'age', age) end
end

local function fail_job(id, failure, attempts)
  end_job(id, 'failed', 'error', cjson.encode(failure), 'attempts', attempts)
  count('failed_' .. failure.code)
end

-- By default, Redis keeps a hash packed in memory while none of its values is over 64 bytes; one longer
-- value would cost a waiting job 800 bytes. So long metadata are stored in pieces, `meta.1` and so on,
-- beside a `meta` that is empty for readers that know of no pieces.
local PIECE = 64

local function record_metadata(id, text)
  local job, number = K .. 'job:' .. id, 0
  if #text <= PIECE then return redis.call('HSET', job, 'meta', text) end
  redis.call('HSET', job, 'meta', '{}')
  for from = 1, #text, PIECE do
    number = number + 1
    redis.call('HSET', job, 'meta.' .. number, string.sub(text, from, from + PIECE - 1))
  end
end

-- A job's record with its metadata in one piece.
local function load_job(id)
  local job, pieces = load(K .. 'job:' .. id), {}
  while job['meta.' .. #pieces + 1] do
    local name = 'meta.' .. #pieces + 1
    pieces[#pieces + 1] = job[name]
    job[name] = nil
  end
  if #pieces > 0 then job.meta = table.concat(pieces) end
  return job
end

-- A digest of a job's whole record.
local function mark_of(id)
  return redis.sha1hex(table.concat(redis.call('HGETALL', K .. 'job:' .. id), '\n'))
end

-- A caller's usage is counted per day, in UTC.
local DAY_MS = 24 * 3600 * 1000
local function today() return math.floor(now / DAY_MS) end
local function answers_key(caller) return K .. 'answers:' .. caller .. ':' .. today() end

local function count_answer(caller, cache)
  redis.call('HINCRBY', answers_key(caller), cache, 1)
  redis.call('PEXPIRE', answers_key(caller), DAY_MS)
end

-- Makes a new record in state `queued`; the caller of this function decides what happens next.
local function record_job(a, cache, input)
  redis.call('HSET', K .. 'job:' .. a.job, 'schema', SCHEMA, 'status', 'queued', 'run', 1,
    'caller', a.caller, 'style', a.style, 'version', a.version, 'params', a.params,
    'priority', a.priority, 'weight', a.weight, 'sha', a.sha, 'scope', a.scope, 'salt', a.salt,
    'px', a.px, 'created', now, 'span', a.span_ms, 'deadline', now + a.span_ms,
    'render', a.key, 'cache', cache, 'input', input, 'ctype', a.content_type,
    'attempts', 0)
  record_metadata(a.job, a.metadata)
  if a.webhook then
    know_endpoint(a.caller, a.webhook)
    redis.call('HSET', K .. 'job:' .. a.job, 'webhook', a.webhook.id)
  end
  if a.batch then list_in_batch(a) end
  redis.call('ZADD', K .. 'jobs:' .. a.caller, now, a.job)
  redis.call('HINCRBY', K .. 'states', 'queued', 1)
  if input ~= '' then hold(input, job_holder(a.job)) end
  open_job(a.job, a.caller, now + a.span_ms, a.batch)
  count('jobs_submitted')
  count('cache_' .. cache)
  count_answer(a.caller, cache)
  if a.idempotency then
    local seen = K .. 'idem:' .. a.idempotency
    redis.call('HSET', seen, 'job', a.job, 'print', a.fingerprint)
    redis.call('PEXPIRE', seen, P.idempotency_ms)
  end
end

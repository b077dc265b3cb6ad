-- Admission: what admit, enqueue and retry share: room, shares, replays, hits and new renders.

-- What the whole service lacks room for: `memory` or `jobs`; nil if there is room.
local function lack_of_room()
  local used = redis.call('GET', K .. 'memory')
  if used and tonumber(used) > P.memory_guard then return 'memory' end
  local open = 0
  for _, n in ipairs(redis.call('HMGET', K .. 'states', 'queued', 'running')) do
    open = open + tonumber(n or '0')
  end
  if open >= P.open_max then return 'jobs' end
end

local function caller_is_full(a)
  local open = tonumber(redis.call('HGET', K .. 'open', a.caller) or '0')
  return open >= (a.open_max or P.open_caller_max)
end

-- The cost of admitted work is counted per day: for its caller, and for the whole service under a name
-- that no caller can have.
local EVERYBODY = '*'

local function spent_key(caller) return K .. 'spent:' .. caller .. ':' .. today() end

local function would_overspend(who, px, most)
  if most == 0 then return false end
  return tonumber(redis.call('GET', spent_key(who)) or '0') + px > most
end

local function spend(a)
  for _, who in ipairs({ a.caller, EVERYBODY }) do
    redis.call('INCRBY', spent_key(who), a.px)
    redis.call('PEXPIRE', spent_key(who), DAY_MS)
  end
end

-- A refusal for lack of room, or nil.
local function no_room(a)
  local cause = lack_of_room()
  if cause then return { outcome = 'queue_full', cause = cause } end
  local to_midnight_ms = DAY_MS - now % DAY_MS
  if would_overspend(EVERYBODY, a.px, P.service_day_px_max) then
    return { outcome = 'queue_full', cause = 'day', retry_ms = to_midnight_ms }
  end
  if caller_is_full(a) then return { outcome = 'queue_full_for_key', cause = 'open' } end
  if would_overspend(a.caller, a.px, a.day_px_max or P.day_px_max) then
    return { outcome = 'quota_exceeded', retry_ms = to_midnight_ms }
  end
end

-- An earlier answer to the same call (its answer was lost), or under the same idempotency key.
local function replay(a)
  if redis.call('EXISTS', K .. 'job:' .. a.job) == 1 then
    return { outcome = 'replayed', job = a.job }
  end
  if not a.idempotency then return nil end
  local seen = redis.call('HMGET', K .. 'idem:' .. a.idempotency, 'job', 'print')
  if not seen[1] or redis.call('EXISTS', K .. 'job:' .. seen[1]) == 0 then return nil end
  if seen[2] ~= a.fingerprint then return { outcome = 'reused' } end
  return { outcome = 'replayed', job = seen[1] }
end

local function remembered_failure(key)
  local text = redis.call('GET', K .. 'failure:' .. key)
  if not text then return nil end
  local failure = cjson.decode(text)
  if failure.until_ms > now then return failure end
end

-- Attaches an open job to a render in flight; if the joiner's tag is lower, it counts for all.
local function join(id, a, r)
  redis.call('SADD', K .. 'attached:' .. a.key, id)
  if r.state == 'running' then
    move_job(id, 'running')
    redis.call('HSET', K .. 'job:' .. id, 'started', now)
  end
  lower_tag(a.key, r, next_tag(r.line, flow_of(a)))
  spend(a)
end

-- Begins a new render for a job whose input is stored.
local function start_render(id, a, input)
  local line, flow = a.line, flow_of(a)
  local tag = next_tag(line, flow)
  charge_flow(line, flow, tag, a.px, a.flow_weight)
  local arrival = redis.call('HINCRBY', K .. 'clock:' .. line, 'arrivals', 1)
  local r = { line = line, tag = exact(tag), px = a.px, lost = 0, arrival = arrival }
  redis.call('HSET', K .. 'render:' .. a.key, 'schema', SCHEMA, 'line', line, 'input', input,
    'px', a.px, 'tag', r.tag, 'arrival', arrival, 'attempts', 0, 'lost', 0, 'ext', a.extension,
    'created', now)
  hold(input, render_holder(a.key))
  redis.call('SADD', K .. 'attached:' .. a.key, id)
  line_push(a.key, r)
  spend(a)
  promise(a.key, r)
end

-- Answers a submission with the remembered failure of its render; nil if there is none.
-- `record(cache, input)` makes the job's record.
local function answer_from_failure(a, record)
  local failure = remembered_failure(a.key)
  if not failure then return nil end
  record(a.bypass and 'bypass' or 'miss', '')
  fail_job(a.job, { code = failure.code, message = failure.message,
    retryable = failure.retryable }, failure.attempts)
  return { outcome = 'failed', job = a.job }
end

-- Answers a submission from a render that exists, or nil if a new one is needed.
-- `record(cache, input)` makes the job's record (or resets it, for a retry).
local function answer_from_store(a, record)
  local r = load(K .. 'render:' .. a.key)
  if r.state == 'done' then
    record('hit', r.input)
    succeed_job(a.job, r, now - r.finished)
    return { outcome = 'hit', job = a.job }
  end
  if a.only_if_cached then return { outcome = 'not_cached' } end
  local refusal = no_room(a)
  if refusal then return refusal end
  if not r.state then return nil end
  if redis.call('SCARD', K .. 'attached:' .. a.key) >= P.attached_max then
    return { outcome = 'queue_full_for_key', cause = 'attached' }
  end
  record(a.bypass and 'bypass' or 'joined', r.input)
  join(a.job, a, r)
  return { outcome = 'joined', job = a.job }
end

-- The picture that a hit would return, if it must be checked first; or nil.
local function unseen_hit(a)
  if a.trusts_cache then return nil end
  local r = redis.call('HMGET', K .. 'render:' .. a.key, 'state', 'output_name', 'finished')
  if r[1] == 'done' and is_unseen(r[2], tonumber(r[3])) then
    return { outcome = 'check_output', object = r[2] }
  end
end

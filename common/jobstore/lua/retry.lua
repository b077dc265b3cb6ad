#!lua flags=allow-oom
-- retry: submits a failed, canceled or expired job again under its id, from its kept input.
-- After `queued`, `joined` or `hit`: the next run has begun; the remembered failure is forgotten;
-- no other job is touched. A refusal for lack of room changes nothing. `not_retryable`: wrong state,
-- or the input is gone. `replayed`: this same call (`mark`) has already begun the run; its answer was
-- lost.
local a = cjson.decode(ARGV[1])
local name = K .. 'job:' .. a.job
local job = load(name)

local function reset(cache, input)
  keep_for_event(a.job)
  if job.webhook then renew_endpoint(job.caller, job.webhook) end
  redis.call('HINCRBY', K .. 'states', job.status, -1)
  redis.call('HINCRBY', K .. 'states', 'queued', 1)
  redis.call('HSET', name, 'status', 'queued', 'run', job.run + 1, 'version', a.version,
    'render', a.key, 'cache', cache, 'attempts', 0, 'deadline', now + job.span, 'mark', a.mark)
  redis.call('HDEL', name, 'started', 'finished', 'expires', 'error', 'output', 'output_name',
    'execution', 'stages', 'age')
  redis.call('DEL', K .. 'failure:' .. a.key)
  redis.call('ZREM', K .. 'expiries', a.job)
  redis.call('ZREM', K .. 'forgets', a.job)
  redis.call('ZREM', K .. 'dead', a.job)
  change_input(a.job, job.input, input)
  open_job(a.job, a.caller, now + job.span, job.batch)
  count('jobs_retried')
end

local function run()
  if job.caller ~= a.caller then return { outcome = 'not_found' } end
  if job.mark == a.mark then return { outcome = 'replayed', job = a.job } end
  if not RETRYABLE[job.status] then return { outcome = 'not_retryable', cause = job.status } end
  if job.input == '' or redis.call('SISMEMBER', K .. 'holders:' .. job.input, job_holder(a.job)) == 0 then
    return { outcome = 'not_retryable', cause = 'input' }
  end
  if lack_of_room() == 'memory' then return { outcome = 'queue_full', cause = 'memory' } end
  local unseen = unseen_hit(a)
  if unseen then return unseen end
  local answer = answer_from_store(a, reset)
  if answer then return answer end
  reset(a.bypass and 'bypass' or 'miss', job.input)
  start_render(a.job, a, job.input)
  return { outcome = 'queued', job = a.job }
end
return cjson.encode(run())

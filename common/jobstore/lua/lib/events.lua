-- Events: what they tell of a job that goes on, or goes, before they were sent.

-- An event shows its job as it is; before that becomes another run's, or nobody's, the event keeps it.
local function keep_for_event(id, is_forgotten)
  local known = redis.call('HMGET', K .. 'job:' .. id, 'webhook', 'run')
  if not known[1] or not is_waiting(job_event(id, known[2])) then return end
  local job = load_job(id)
  if is_forgotten then job.pictures_gone = '1' end
  redis.call('HSET', K .. 'webhook:' .. job_event(id, known[2]), 'job', cjson.encode(job))
end

-- Events: how they keep their job's state if it changes before they are sent.

-- An event shows its job's record; before the next run or a deletion changes that, it keeps a copy.
local function keep_for_event(id, is_forgotten)
  local known = redis.call('HMGET', K .. 'job:' .. id, 'webhook', 'run')
  if not known[1] or not is_waiting(job_event(id, known[2])) then return end
  local job = load_job(id)
  if is_forgotten then job.pictures_gone = '1' end
  redis.call('HSET', K .. 'webhook:' .. job_event(id, known[2]), 'job', cjson.encode(job))
end

#!lua
-- enqueue: records a submission whose upload is stored.
-- Before: admit named the object and it is still in `doomed`, not due. After `queued`: job and render
-- are recorded, the render stands in its line and the object is held. Otherwise (hit, joined,
-- replayed, refused) the object is doomed, due now.
local a = cjson.decode(ARGV[1])

-- Whether the upload is certainly stored. A name that is due is being swept, or has been: after
-- `input_lost` this same call has doomed it again.
local function is_kept(name)
  if a.image then return redis.call('EXISTS', K .. 'image:' .. a.image) == 1 end
  local due = redis.call('ZSCORE', K .. 'doomed', name)
  return due and tonumber(due) > now and not redis.call('ZSCORE', K .. 'deleting', name)
end

local function run()
  local seen = replay(a)
  local closed = seen or batch_is_closed(a)
  if closed then return closed end
  if not is_kept(a.input) then return { outcome = 'input_lost' } end
  if lack_of_room() == 'memory' then return { outcome = 'queue_full', cause = 'memory' } end
  local function record(cache, input) record_job(a, cache, input) end
  local answer = answer_from_failure(a, record) or answer_from_store(a, record)
  if answer then return answer end
  record_job(a, a.bypass and 'bypass' or 'miss', a.input)
  start_render(a.job, a, a.input)
  redis.call('ZREM', K .. 'doomed', a.input)
  return { outcome = 'queued', job = a.job }
end
local answer = run()
if answer.outcome ~= 'queued' and not a.image then doom(a.input, now) end
return cjson.encode(answer)

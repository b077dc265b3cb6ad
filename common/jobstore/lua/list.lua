#!lua flags=no-writes
-- list: a caller's jobs, newest first, from a cursor on; bounded work per call.
-- The cursor is <created>.<id> of the last job read, so that deleted jobs do no harm.
local a = cjson.decode(ARGV[1])
local jobs, from, after = {}, '+inf', nil
if a.cursor then from, after = string.match(a.cursor, '^(%d+)%.(.*)$') end
local ids = redis.call('ZREVRANGEBYSCORE', K .. 'jobs:' .. a.caller, from, '-inf',
  'WITHSCORES', 'LIMIT', 0, P.list_scan)
local cursor = nil
for i = 1, #ids, 2 do
  local id, created = ids[i], ids[i + 1]
  -- Equal times are ordered by id, descending.
  local is_new = not after or tonumber(created) < tonumber(from) or id < after
  if is_new then
    if #jobs == a.limit then break end
    cursor = created .. '.' .. id
    local job = load_job(id)
    if not a.status or job.status == a.status then
      job.id, job.now = id, now
      jobs[#jobs + 1] = look(id, job, 0)
    end
  end
  if i + 1 == #ids then
    if #ids < 2 * P.list_scan then cursor = nil end
  end
end
return cjson.encode({ jobs = #jobs > 0 and jobs or EMPTY, cursor = cursor })

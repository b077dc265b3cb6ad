#!lua flags=allow-oom
-- delete: forgets a job's record; cancels it first if it is open.
-- After: no key names the job but its idempotency key, which answers nothing without it and lapses
-- by itself; its pictures go with their last holder. Answers which went; of a
-- call repeated after a lost answer only that the job is gone.
local a = cjson.decode(ARGV[1])
local job = load(K .. 'job:' .. a.job)
if not job.caller and a.repeated then
  return cjson.encode({ outcome = 'deleted', source = 'none', result = 'none' })
end
if job.caller ~= a.caller then return cjson.encode({ outcome = 'not_found' }) end
if OPEN[job.status] then withdraw(a.job, 'canceled') end
local gone = release_pictures(a.job, now)
forget_job(a.job)
local function fate(had, went) return had and (went and 'deleted' or 'retained') or 'none' end
return cjson.encode({ outcome = 'deleted',
  source = fate(job.input ~= '' and not job.pictures_gone, gone.source),
  result = fate(job.output_name and not job.pictures_gone, gone.result) })

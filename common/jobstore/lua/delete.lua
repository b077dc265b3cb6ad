#!lua flags=allow-oom
-- delete: deletes a job's record; cancels the job first if it is open.
-- After: only its idempotency key still names the job, which has no effect and expires. Its pictures
-- are deleted with their last holder. Answers which were deleted; a call that is repeated after a lost
-- answer only answers that the job is gone.
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

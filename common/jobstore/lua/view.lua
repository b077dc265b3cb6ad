#!lua flags=no-writes
-- view: a job's record with its place in line; null if this caller has no such job.
local a = cjson.decode(ARGV[1])
local job = load_job(a.job)
if not job.caller or job.caller ~= a.caller then return cjson.encode(cjson.null) end
if not OPEN[job.status] then job.mark = mark_of(a.job) end
job.id, job.now = a.job, now
return cjson.encode(look(a.job, job, P.exact_places))

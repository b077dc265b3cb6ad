#!lua flags=allow-oom
-- cancel: cancels one open job; a no-op if it has ended.
-- After: its render leaves the line if no other job waits for it.
local a = cjson.decode(ARGV[1])
local job = redis.call('HMGET', K .. 'job:' .. a.job, 'caller', 'status')
if job[1] ~= a.caller then return cjson.encode({ outcome = 'not_found' }) end
if not OPEN[job[2]] then return cjson.encode({ outcome = 'ended' }) end
withdraw(a.job, 'canceled')
return cjson.encode({ outcome = 'canceled' })

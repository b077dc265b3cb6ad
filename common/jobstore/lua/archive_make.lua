#!lua
-- archive_make: records which jobs' pictures an archive holds, and the secret that signs its link.
-- After `made`: it can be read until it expires. `not_found`: none of the jobs is this
-- caller's. Or `queue_full`.
local a = cjson.decode(ARGV[1])
local function run()
  if lack_of_room() == 'memory' then return { outcome = 'queue_full', cause = 'memory' } end
  local found = 0
  for _, id in ipairs(a.jobs) do
    if redis.call('HGET', K .. 'job:' .. id, 'caller') == a.caller then found = found + 1 end
  end
  if found == 0 then return { outcome = 'not_found' } end
  local archive = K .. 'archive:' .. a.archive
  redis.call('HSET', archive, 'caller', a.caller, 'secret', a.secret, 'jobs', table.concat(a.jobs, ' '))
  redis.call('PEXPIRE', archive, a.ttl_ms)
  return { outcome = 'made', now = now }
end
return cjson.encode(run())

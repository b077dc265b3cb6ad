#!lua flags=allow-oom
-- output_check: asks whether somebody must look for a picture in the storage; at most one is told
-- to. After `due`: the asker has ten seconds to look and say (output_seen, output_vanished); until
-- then the others take it as there. `known`: it was looked at within the hour.
local a = cjson.decode(ARGV[1])
if not is_unseen(a.object, a.made) then return cjson.encode({ outcome = 'known' }) end
redis.call('SET', K .. 'present:' .. a.object, '0', 'PX', P.looking_ms)
return cjson.encode({ outcome = 'due' })

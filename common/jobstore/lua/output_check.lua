#!lua flags=allow-oom
-- output_check: whether the asker must check that a picture is stored; at most one is asked to.
-- After `due`: the asker has ten seconds to check and report (output_seen, output_vanished). Until
-- then others take it as present. `known`: it was checked within the hour.
local a = cjson.decode(ARGV[1])
if not is_unseen(a.object, a.made) then return cjson.encode({ outcome = 'known' }) end
redis.call('SET', K .. 'present:' .. a.object, '0', 'PX', P.looking_ms)
return cjson.encode({ outcome = 'due' })

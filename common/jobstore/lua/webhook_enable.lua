#!lua flags=allow-oom
-- webhook_enable: enables a disabled address again.
-- After `enabled`: events that are announced from now on, or still wait, are sent there. `not_found`:
-- this caller has no such address, or it is not disabled.
local a = cjson.decode(ARGV[1])
local was_off = enable(a.caller, a.endpoint) == 1
return cjson.encode({ outcome = (was_off or a.repeated) and 'enabled' or 'not_found' })

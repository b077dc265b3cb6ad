#!lua flags=allow-oom
-- webhook_enable: sends webhooks to an address again that wanted no more.
-- After `enabled`: what is announced from now on, or is still waiting, goes there. `not_found`: there is
-- no such address of this caller, or it is not disabled.
local a = cjson.decode(ARGV[1])
local was_off = enable(a.caller, a.endpoint) == 1
return cjson.encode({ outcome = (was_off or a.repeated) and 'enabled' or 'not_found' })

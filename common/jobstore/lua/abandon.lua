#!lua flags=allow-oom
-- abandon: stops a render that no job waits for.
-- After `abandoned`: the render is forgotten and its output's name is doomed, due now. `wanted`: a
-- job has been attached meanwhile, go on. `refused`: the token no longer owns it.
local a = cjson.decode(ARGV[1])
local r = load(K .. 'render:' .. a.key)
if not owns(r, a.token) then return cjson.encode({ outcome = 'refused' }) end
if redis.call('EXISTS', K .. 'attached:' .. a.key) == 1 then
  return cjson.encode({ outcome = 'wanted' })
end
end_attempt(a.key, r)
doom(r.output_name, now)
forget_render(a.key, r)
return cjson.encode({ outcome = 'abandoned' })

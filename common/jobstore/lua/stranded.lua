#!lua flags=no-writes
-- stranded: the first renders waiting in a line, with what their keys are computed from.
local a = cjson.decode(ARGV[1])
local renders = {}
for _, set in ipairs({ 'suspects:', 'line:' }) do
  for _, member in ipairs(redis.call('ZRANGE', K .. set .. a.line, 0, a.most - 1)) do
    local key = member_key(member)
    local id = one_attached(key)
    if id then
      local job = redis.call('HMGET', K .. 'job:' .. id, 'sha', 'params', 'scope', 'salt')
      renders[#renders + 1] = { key = key, sha = job[1], params = job[2], scope = job[3], salt = job[4] }
    end
  end
end
return cjson.encode(#renders > 0 and renders or EMPTY)

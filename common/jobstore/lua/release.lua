#!lua flags=allow-oom
-- release: returns a render before its attempt has ended.
-- Uncounted (drain): it is back in its line with its old tag as if never claimed. Counted (it was
-- in a forward that hung or lost its device): the attempt is lost with the given cause. The output's
-- name stays doomed as claim left it: the process may still be writing it.
local a = cjson.decode(ARGV[1])
local r = load(K .. 'render:' .. a.key)
local hints = {}
if not owns(r, a.token) then return cjson.encode({ outcome = 'refused', hints = EMPTY }) end
end_attempt(a.key, r)
if a.counted then
  lose_attempt(a.key, r, a.code, a.message, hints)
else
  r.attempts = redis.call('HINCRBY', K .. 'render:' .. a.key, 'attempts', -1)
  requeue(a.key, r, hints)
end
return cjson.encode({ outcome = 'released', hints = #hints > 0 and hints or EMPTY })

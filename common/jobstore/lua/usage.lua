#!lua flags=no-writes
-- usage: what a caller has used today (UTC), and how many of its jobs are open.
local a = cjson.decode(ARGV[1])
local open = redis.call('HGET', K .. 'open', a.caller) or '0'
local px = redis.call('GET', spent_key(a.caller)) or '0'
return cjson.encode({ open = tonumber(open), px = px, day_ms = DAY_MS, now = now,
  answers = load(answers_key(a.caller)) })

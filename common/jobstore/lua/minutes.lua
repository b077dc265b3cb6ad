#!lua flags=no-writes
-- minutes: the counters at the beginning of each of the last minutes, and now, oldest first.
local a = cjson.decode(ARGV[1])
local present, found = math.floor(now / 60000), {}
for minute = present - a.most, present do
  local seen = load(K .. 'minute:' .. minute)
  if seen.at then found[#found + 1] = seen end
end
local last = load(K .. 'counts')
for bucket, value in pairs(load(K .. 'took')) do last['took.' .. bucket] = value end
last.at = now
found[#found + 1] = last
return cjson.encode(found)

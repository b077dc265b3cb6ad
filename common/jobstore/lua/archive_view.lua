#!lua flags=no-writes
-- archive_view: the caller, the secret and the jobs of an archive or of a batch; null if there is
-- none.
local a = cjson.decode(ARGV[1])
if a.kind == 'archives' then
  local archive = load(K .. 'archive:' .. a.id)
  if not archive.caller then return cjson.encode(cjson.null) end
  local jobs = {}
  for id in string.gmatch(archive.jobs, '%S+') do jobs[#jobs + 1] = id end
  return cjson.encode({ caller = archive.caller, secret = archive.secret, jobs = jobs })
end
local batch = redis.call('HMGET', K .. 'batch:' .. a.id, 'caller', 'secret')
if not batch[1] then return cjson.encode(cjson.null) end
local items = {}
for number, text in pairs(load(K .. 'items:' .. a.id)) do
  local item = cjson.decode(text)
  if item.job then items[#items + 1] = { tonumber(number), item.job } end
end
table.sort(items, function(one, other) return one[1] < other[1] end)
local jobs = {}
for _, item in ipairs(items) do jobs[#jobs + 1] = item[2] end
return cjson.encode({ caller = batch[1], secret = batch[2], jobs = #jobs > 0 and jobs or EMPTY })

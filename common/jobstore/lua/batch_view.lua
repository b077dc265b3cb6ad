#!lua flags=no-writes
-- batch_view: a batch with the state of its items' jobs; null if this caller has no such batch.
local a = cjson.decode(ARGV[1])
local batch = load(K .. 'batch:' .. a.batch)
if not batch.caller or batch.caller ~= a.caller then return cjson.encode(cjson.null) end
batch.id, batch.now, batch.takes_photos = a.batch, now, takes_photos(a.batch)

local last
local function seen(number, item)
  item.number = tonumber(number)
  local job = item.job and redis.call('HMGET', K .. 'job:' .. item.job, 'status', 'error', 'finished',
    'expires', 'cache', 'pictures_gone') or EMPTY
  if not job[1] then return item end -- no job, or its record is gone: the item holds how it ended
  item.status, item.error = job[1], job[2] and cjson.decode(job[2]) or nil
  item.finished, item.expires, item.cache = job[3], job[4], job[5]
  item.has_picture = job[1] == 'succeeded' and not job[6]
  if OPEN[job[1]] and (not last or item.number > last.number) then last = item end
  return item
end

local items = {}
for number, text in pairs(load(K .. 'items:' .. a.batch)) do
  items[#items + 1] = seen(number, cjson.decode(text))
end
table.sort(items, function(one, other) return one.number < other.number end)
-- The last photo is usually done last; computing the ETA of each open job would cost too much.
if last then
  batch.last_open = last.job
  batch.eta_s = look(last.job, load_job(last.job), P.promise_places).eta_s
end
batch.items = items
return cjson.encode(batch)

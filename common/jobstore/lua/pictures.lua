#!lua flags=no-writes
-- pictures: the state and the pictures of an archive's jobs, in the order of the request.
-- Only the id of a job that does not exist, or is another caller's.
local a = cjson.decode(ARGV[1])

-- A photo's file name: its batch knows it, else its caller may have sent it in the metadata.
local function label(id, batch, item)
  local text
  if batch then text = redis.call('HGET', K .. 'items:' .. batch, item) else text = load_job(id).meta end
  local file = text and cjson.decode(text).file
  return type(file) == 'string' and file or nil
end

local pictures = {}
for i, id in ipairs(a.jobs) do
  local job = redis.call('HMGET', K .. 'job:' .. id, 'caller', 'status', 'style', 'params', 'output',
    'output_name', 'finished', 'age', 'pictures_gone', 'batch', 'item', 'error')
  if job[1] ~= a.caller then
    pictures[i] = { job = id }
  else
    pictures[i] = { job = id, status = job[2], style = job[3], params = job[4] or nil,
      output = job[5] or nil, name = job[6] or nil, is_gone = job[9] and true or false,
      made = job[7] and tonumber(job[7]) - tonumber(job[8] or '0') or nil,
      file = label(id, job[10], job[11]), error = job[12] or nil }
  end
end
return cjson.encode({ pictures = pictures })

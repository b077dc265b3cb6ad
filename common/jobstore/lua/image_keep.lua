#!lua
-- image_keep: records an image whose object is stored.
-- Before: image_begin named the object and it is still in `doomed`, not due. After `kept`: the
-- image holds it until it expires. `input_lost`: the upload took too long; it is doomed.
local a = cjson.decode(ARGV[1])
local image = K .. 'image:' .. a.image
local kept = { outcome = 'kept', expires = now + P.retention_ms, now = now }
local function run()
  if redis.call('EXISTS', image) == 1 then return kept end -- the same call after a lost answer
  local due = redis.call('ZSCORE', K .. 'doomed', a.input)
  if not due or tonumber(due) <= now or redis.call('ZSCORE', K .. 'deleting', a.input) then
    doom(a.input, now)
    return { outcome = 'input_lost' }
  end
  redis.call('HSET', image, 'schema', SCHEMA, 'caller', a.caller, 'input', a.input, 'sha', a.sha,
    'ctype', a.content_type, 'width', a.width, 'height', a.height, 'bytes', a.size_bytes,
    'created', now, 'expires', kept.expires)
  redis.call('ZADD', K .. 'images', kept.expires, a.image)
  redis.call('ZADD', K .. 'images:' .. a.caller, kept.expires, a.image)
  hold(a.input, image_holder(a.image))
  redis.call('ZREM', K .. 'doomed', a.input)
  return kept
end
return cjson.encode(run())

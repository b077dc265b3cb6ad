#!lua
-- image_begin: reserves the name of an image's object.
-- After `begun`: the name is doomed in an hour unless image_keep takes it out. The refusals
-- `queue_full` and `queue_full_for_key` (this caller keeps too many) change nothing.
local a = cjson.decode(ARGV[1])
if lack_of_room() == 'memory' then
  return cjson.encode({ outcome = 'queue_full', cause = 'memory' })
end
if redis.call('ZCARD', K .. 'images:' .. a.caller) >= P.images_max then
  return cjson.encode({ outcome = 'queue_full_for_key', cause = 'images' })
end
doom(a.input, now + P.upload_ms)
return cjson.encode({ outcome = 'begun' })

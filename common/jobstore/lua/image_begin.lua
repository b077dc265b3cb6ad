#!lua
-- image_begin: lets an image be stored.
-- After `begun`: its object's name is doomed in an hour unless image_keep takes it out. Or a refusal
-- that leaves nothing behind: `queue_full`, `queue_full_for_key` (this caller keeps too many).
local a = cjson.decode(ARGV[1])
if lack_of_room() == 'memory' then
  return cjson.encode({ outcome = 'queue_full', cause = 'memory' })
end
if redis.call('ZCARD', K .. 'images:' .. a.caller) >= P.images_max then
  return cjson.encode({ outcome = 'queue_full_for_key', cause = 'images' })
end
doom(a.input, now + P.upload_ms)
return cjson.encode({ outcome = 'begun' })

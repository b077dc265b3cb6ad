#!lua flags=allow-oom
-- image_drop: deletes an image; jobs made from it keep its object.
local a = cjson.decode(ARGV[1])
if redis.call('HGET', K .. 'image:' .. a.image, 'caller') ~= a.caller then
  return cjson.encode({ outcome = a.repeated and 'dropped' or 'not_found' })
end
drop_image(a.image)
return cjson.encode({ outcome = 'dropped' })

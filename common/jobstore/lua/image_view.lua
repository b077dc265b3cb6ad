#!lua flags=no-writes
-- image_view: an image's record; null if this caller has no such image.
local a = cjson.decode(ARGV[1])
local image = load(K .. 'image:' .. a.image)
if not image.caller or image.caller ~= a.caller or tonumber(image.expires) <= now then
  return cjson.encode(cjson.null)
end
image.id, image.now = a.image, now
return cjson.encode(image)

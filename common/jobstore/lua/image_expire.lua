#!lua flags=allow-oom
-- image_expire: deletes expired images. Bounded per call.
local a = cjson.decode(ARGV[1])
local due = redis.call('ZRANGEBYSCORE', K .. 'images', '-inf', now, 'LIMIT', 0, a.most)
for _, id in ipairs(due) do drop_image(id) end
return cjson.encode({ images = #due })

-- Images: photos kept for later jobs. Each is one holder of its object.

local function image_holder(id) return 'i:' .. id end

-- Deletes an image; its object is deleted with its last holder.
local function drop_image(id)
  local image = K .. 'image:' .. id
  local kept = redis.call('HMGET', image, 'caller', 'input')
  redis.call('ZREM', K .. 'images', id)
  if not kept[1] then return end
  redis.call('ZREM', K .. 'images:' .. kept[1], id)
  redis.call('DEL', image)
  drop(kept[2], image_holder(id), now)
end

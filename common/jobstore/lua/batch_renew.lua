#!lua flags=allow-oom
-- batch_renew: reports that a batch is still being received.
-- After `renewed`: it lapses a receipt's life from now. `batch_closed`: it takes no more photos.
local a = cjson.decode(ARGV[1])
local closed = batch_is_closed(a)
if closed then return cjson.encode(closed) end
renew_receipt(a.batch)
return cjson.encode({ outcome = 'renewed' })

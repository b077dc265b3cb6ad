#!lua
-- batch_refuse: records a refused photo of a batch, with its error.
-- After `noted`: it is one of the batch's items. `batch_closed`: the batch takes no more photos.
local a = cjson.decode(ARGV[1])
local closed = batch_is_closed(a)
if closed then return cjson.encode(closed) end
write_item(a.batch, a.item, { file = a.file, status = 'failed',
  error = { code = a.code, message = a.message, retryable = a.retryable } })
renew_receipt(a.batch)
return cjson.encode({ outcome = 'noted' })

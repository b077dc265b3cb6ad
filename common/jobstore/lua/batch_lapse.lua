#!lua flags=allow-oom
-- batch_lapse: cancels batches whose receiver has died. Bounded per call.
-- After: those found overdue twice, half a receipt's life apart, are closed as incomplete. The second
-- check gives a live receiver time to renew after a step of the clock.
local a = cjson.decode(ARGV[1])
local receiving = K .. 'receiving'
for _, batch in ipairs(redis.call('ZRANGEBYSCORE', receiving, '(' .. now + P.receive_ms, '+inf')) do
  redis.call('ZADD', receiving, 'XX', now + P.receive_ms, batch) -- set before a step of the clock
end
local lapsed = 0
for _, batch in ipairs(redis.call('ZRANGEBYSCORE', receiving, '-inf', now, 'LIMIT', 0, a.most)) do
  if redis.call('HEXISTS', K .. 'batch:' .. batch, 'overdue') == 1 then
    close_batch(batch, 'incomplete')
    lapsed = lapsed + 1
  else
    redis.call('HSET', K .. 'batch:' .. batch, 'overdue', now)
    redis.call('ZADD', receiving, 'XX', now + P.receive_ms / 2, batch)
  end
end
return cjson.encode({ lapsed = lapsed })

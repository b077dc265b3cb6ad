#!lua flags=no-writes
-- webhook_log: a caller's events, newest first, from a cursor on; or one of them.
-- The cursor is <made>.<id> of the last event returned, so that deleted events do no harm.
local a = cjson.decode(ARGV[1])
local log, shown, cursor = K .. 'webhook_log:' .. a.caller, {}, nil

-- Listed events from a place on: equal times are ordered by id, descending.
local function page()
  local from, after = string.match(a.cursor or '+inf.', '^(.-)%.(.*)$')
  local found = redis.call('ZREVRANGEBYSCORE', log, from, '-inf', 'WITHSCORES', 'LIMIT', 0, P.list_scan)
  for i = 1, #found, 2 do
    local id, made = found[i], found[i + 1]
    if not a.cursor or made ~= from or id < after then
      if #shown == a.limit then return end
      shown[#shown + 1] = show_webhook(id, a.caller)
      cursor = made .. '.' .. id
    end
  end
  if #found < 2 * P.list_scan then cursor = nil end
end

if a.webhook then
  shown[1] = show_webhook(a.webhook, a.caller)
else
  page()
end
return cjson.encode({ webhooks = #shown > 0 and shown or EMPTY, cursor = cursor })

#!lua flags=no-writes
-- dead: the dead letters of all callers, newest first, from a cursor on; or that of one job.
-- The cursor is <died>.<job> of the last letter returned, so that removed letters do no harm.
local a = cjson.decode(ARGV[1])

local function page()
  local letters, skipped = {}, 0
  local from, after = string.match(a.cursor or '+inf.', '^(.-)%.(.*)$')
  -- Many may have died in the cursor's millisecond: they are skipped in steps.
  repeat
    local found = redis.call('ZREVRANGEBYSCORE', K .. 'dead', from, '-inf', 'WITHSCORES',
      'LIMIT', skipped, a.limit + 1)
    for i = 1, #found, 2 do
      if not a.cursor or found[i + 1] ~= from or found[i] < after then
        letters[#letters + 1] = { job = found[i], died = found[i + 1] }
      end
    end
    skipped = skipped + a.limit + 1
  until #letters > a.limit or #found <= 2 * a.limit
  return letters
end

local function one()
  local died = redis.call('ZSCORE', K .. 'dead', a.job)
  return died and { { job = a.job, died = died } } or {}
end

local letters, cursor = a.job and one() or page(), nil
while a.limit and #letters > a.limit do
  letters[#letters] = nil
  cursor = letters[#letters].died .. '.' .. letters[#letters].job
end
for _, letter in ipairs(letters) do
  local job = redis.call('HMGET', K .. 'job:' .. letter.job, 'caller', 'style', 'version', 'render',
    'run', 'attempts', 'created', 'error', 'pictures_gone')
  letter.caller, letter.style, letter.version, letter.render = job[1], job[2], job[3], job[4]
  letter.run, letter.attempts, letter.created = job[5], job[6], job[7]
  letter.error, letter.has_photo = job[8], not job[9]
end
return cjson.encode({ letters = #letters > 0 and letters or EMPTY, cursor = cursor })

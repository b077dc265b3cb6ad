-- The line: a sorted set per style version in start-time fair order.
-- tag = max(v, last tag of the flow); last = tag + megapixels / weight. A member is
-- <arrival>:<render key>:<pixels>, so that ties go by arrival and a range gives its cost. It is built
-- when needed: stored in the render it would unpack that hash (values over 64 bytes).

-- A double needs 17 digits as text.
local function exact(number) return string.format('%.17g', number) end

local function line_time(line)
  return tonumber(redis.call('HGET', K .. 'clock:' .. line, 'v') or '0')
end

local function flow_of(a) return a.caller .. '|' .. a.priority end

-- The tag that a render of this flow would get now.
local function next_tag(line, flow)
  local last = redis.call('ZSCORE', K .. 'flows:' .. line, flow)
  return math.max(line_time(line), tonumber(last or '0'))
end

local function charge_flow(line, flow, tag, px, weight)
  redis.call('ZADD', K .. 'flows:' .. line, exact(tag + px / 1e6 / weight), flow)
end

local function line_set(line, r)
  return K .. (tonumber(r.lost or '0') > 0 and 'suspects:' or 'line:') .. line
end

local function member_of(key, r) return string.format('%012d:%s:%d', r.arrival, key, r.px) end
local function member_key(member) return string.match(member, '^%d+:(%x+):%d+$') end
-- The pixels follow 12 digits, 64 digits and two colons; a view reads a thousand of them.
local function member_px(member) return tonumber(string.sub(member, 79)) end

-- A line with waiting renders must be in `versions`: else the keeper would not see that it lacks hints
-- or workers. Its version may have been forgotten since the work was admitted. It is then recorded as
-- unseen for long, so that the work is moved on and the version is forgotten again.
local function know_line(line)
  if redis.call('ZSCORE', K .. 'versions', line) then return end
  local style, version = string.match(line, '^(.*)%.([^.]*)$')
  local unseen = now - P.unseen_ms
  redis.call('HSET', K .. 'version:' .. line, 'style', style or line, 'version', version or '',
    'card', '{}', 'first_seen', unseen)
  redis.call('ZADD', K .. 'versions', unseen, line)
end

local function line_push(key, r)
  know_line(r.line)
  redis.call('ZADD', line_set(r.line, r), r.tag, member_of(key, r))
  redis.call('HINCRBY', K .. 'clock:' .. r.line, 'waiting_px', r.px)
  redis.call('HSET', K .. 'render:' .. key, 'state', 'waiting', 'stage', 'waiting')
end

local function line_remove(key, r)
  if redis.call('ZREM', line_set(r.line, r), member_of(key, r)) == 1 then
    redis.call('HINCRBY', K .. 'clock:' .. r.line, 'waiting_px', -r.px)
  end
end

-- A lower tag of a joining job counts for all, whatever the render's state.
local function lower_tag(key, r, tag)
  if tag >= tonumber(r.tag) then return end
  redis.call('HSET', K .. 'render:' .. key, 'tag', exact(tag))
  if r.state == 'waiting' then
    redis.call('ZADD', line_set(r.line, r), 'XX', exact(tag), member_of(key, r))
  end
end

-- v is raised to the tag of each claimed render, never lowered; flows behind it are forgotten.
local function raise_time(line, tag)
  if tag > line_time(line) then
    redis.call('HSET', K .. 'clock:' .. line, 'v', exact(tag))
  end
  redis.call('ZREMRANGEBYSCORE', K .. 'flows:' .. line, '-inf', exact(math.max(tag, line_time(line))))
end

-- A process that may not take suspects is no longer the line's volunteer.
local function stand_down(line, process)
  local clock = K .. 'clock:' .. line
  if redis.call('HGET', clock, 'volunteer') == process then
    redis.call('HDEL', clock, 'volunteer', 'volunteer_until')
  end
end

-- Adds a hint; the caller of the script publishes it.
local function hint(hints, line, key) hints[#hints + 1] = { line, key } end

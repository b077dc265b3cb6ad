-- Due sets: sorted sets by time, what is due in them, and what a step of the clock put too far off.

local function due_in(set, most)
  return redis.call('ZRANGEBYSCORE', K .. set, '-inf', now, 'LIMIT', 0, most)
end

-- Nothing is due later than its whole life from now: later entries were set before a step of the clock.
-- They become due after `life_of(name)`, or after the longest life. Returns how many there were.
local function pull_in(set, longest_ms, most, life_of)
  local far = redis.call('ZREVRANGEBYSCORE', K .. set, '+inf', '(' .. now + longest_ms,
    'LIMIT', 0, most)
  for _, name in ipairs(far) do
    local life_ms = life_of and life_of(name) or longest_ms
    redis.call('ZADD', K .. set, 'XX', now + math.min(life_ms, longest_ms), name)
  end
  return #far
end

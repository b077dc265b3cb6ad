-- Views: what readers of a job see of its render and its line: stage, position and ETA.

-- Workers of a line with a heartbeat within a lease's life, as decoded records. A heartbeat from the
-- future is from before a step of the clock.
local function crew(line)
  local alive = {}
  for process, text in pairs(load(K .. 'crew:' .. line)) do
    local member = cjson.decode(text)
    if math.abs(now - member.beat_ms) < P.alive_ms then
      member.process = process
      alive[#alive + 1] = member
    end
  end
  return alive
end

-- Megapixels per second of the ready workers, and whether some are starting while none is ready.
local function pace(line)
  local rate, starting = 0, 0
  for _, member in ipairs(crew(line)) do
    if member.state == 'ready' and member.seconds_per_mp > 0 then
      rate = rate + 1 / member.seconds_per_mp
    elseif member.state == 'starting' then
      starting = starting + 1
    end
  end
  return rate, rate == 0 and starting > 0
end

local function line_lengths(line)
  return redis.call('ZCARD', K .. 'line:' .. line), redis.call('ZCARD', K .. 'suspects:' .. line)
end

-- Pixels of the first members of a set.
local function pixels_of_first(set, many)
  local px = 0
  if many == 0 then return px end
  for _, member in ipairs(redis.call('ZRANGE', set, 0, many - 1)) do px = px + member_px(member) end
  return px
end

-- How many suspects and how many others stand before a render; nil if it is not in line.
local function places_ahead(key, r)
  local rank = redis.call('ZRANK', line_set(r.line, r), member_of(key, r))
  if not rank then return nil end
  if tonumber(r.lost) > 0 then
    return rank, redis.call('ZCOUNT', K .. 'line:' .. r.line, '-inf', '(' .. r.tag)
  end
  -- At equal tags, claim takes the suspect first.
  return redis.call('ZCOUNT', K .. 'suspects:' .. r.line, '-inf', r.tag), rank
end

-- Pixels before a place: exact for the first `most`, then by the line's mean.
local function pixels_ahead(line, suspects, others, most)
  local first = math.min(suspects, most)
  local second = math.min(others, most - first)
  local px = pixels_of_first(K .. 'suspects:' .. line, first)
    + pixels_of_first(K .. 'line:' .. line, second)
  local beyond = suspects + others - first - second
  if beyond == 0 then return px end
  local good, lost = line_lengths(line)
  local all = tonumber(redis.call('HGET', K .. 'clock:' .. line, 'waiting_px') or '0')
  return px + beyond * (all - px) / (good + lost - first - second)
end

-- Seconds until a waiting render is done, by its place and the pace of its line.
local function seconds_left(r, suspects, others, rate, exact_places)
  local running = tonumber(redis.call('HGET', K .. 'clock:' .. r.line, 'running_px') or '0')
  local px = pixels_ahead(r.line, suspects, others, exact_places) + running + tonumber(r.px)
  return px / 1e6 / rate
end

-- Remembers the ETA that a new render's first caller gets, so that `complete` can measure its error.
local function promise(key, r)
  local rate = pace(r.line)
  if rate == 0 then return end
  local suspects, others = places_ahead(key, r)
  local seconds = seconds_left(r, suspects, others, rate, P.promise_places)
  redis.call('HSET', K .. 'render:' .. key, 'eta', math.floor(seconds * 1000))
end

-- Counts a time into the first bucket of a histogram that holds it.
local function count_time(histogram, ms)
  local bucket = 'more'
  local bounds = P.time_bounds_ms
  for i = #bounds, 1, -1 do
    if ms <= bounds[i] then bucket = bounds[i] end
  end
  redis.call('HINCRBY', K .. histogram, bucket, 1)
  redis.call('HINCRBY', K .. histogram, 'sum_ms', ms)
end

-- Counts the error of a finished render's promise.
local function note_promise(r)
  if r.eta then count_time('eta', math.abs(now - tonumber(r.created) - tonumber(r.eta))) end
end

-- Adds to a job's record what its render and its line give: attempts, stage, position, seconds.
local function look(id, job, exact_places)
  if not OPEN[job.status] then return job end
  local r = load(K .. 'render:' .. job.render)
  job.attempts, job.stage = r.attempts, r.stage
  if r.state ~= 'waiting' and r.state ~= 'delayed' then return job end
  local rate, loading = pace(r.line)
  if loading then job.stage = 'loading_model' end
  if r.state ~= 'waiting' then return job end
  local suspects, others = places_ahead(job.render, r)
  if not suspects then return job end
  job.position = suspects + others + 1
  if rate > 0 then job.eta_s = seconds_left(r, suspects, others, rate, exact_places) end
  return job
end

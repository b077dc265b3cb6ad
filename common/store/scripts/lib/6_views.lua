-- Views: what a job's reader sees of its render and its line.

-- Workers of a line that beat within a lease's life, as decoded records.
local function crew(line)
  local alive = {}
  for process, text in pairs(load(K .. 'crew:' .. line)) do
    local member = cjson.decode(text)
    if member.beat_ms + P.alive_ms > now then
      member.process = process
      alive[#alive + 1] = member
    end
  end
  return alive
end

-- Megapixels per second of the ready workers, and whether there are only starting ones.
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

-- Pixels ahead of a place: exact for the first `most`, then the line's mean.
local function pixels_ahead(line, ahead, most)
  local waiting = redis.call('ZCARD', K .. 'line:' .. line)
  local counted, px = math.min(ahead, most), 0
  if counted > 0 then
    for _, member in ipairs(redis.call('ZRANGE', K .. 'line:' .. line, 0, counted - 1)) do
      px = px + member_px(member)
    end
  end
  local beyond = ahead - counted
  if beyond > 0 and waiting > counted then
    local all = tonumber(redis.call('HGET', K .. 'clock:' .. line, 'waiting_px') or '0')
    px = px + beyond * math.max(all - px, 0) / (waiting - counted)
  end
  return px
end

-- How many renders stand before this one.
local function places_ahead(key, r)
  local rank = redis.call('ZRANK', line_set(r.line, r), r.member)
  if not rank then return nil end
  local other = tonumber(r.lost or '0') > 0 and 'line:' or 'suspects:'
  return rank + redis.call('ZCOUNT', K .. other .. r.line, '-inf', '(' .. r.tag)
end

-- Adds to a job's record what its render and its line say: attempts, stage, position, seconds.
local function look(id, job, exact_places)
  if not OPEN[job.status] then return job end
  local r = load(K .. 'render:' .. job.render)
  job.attempts, job.stage = r.attempts, r.stage
  if r.state ~= 'waiting' and r.state ~= 'delayed' then return job end
  local rate, loading = pace(r.line)
  if loading then job.stage = 'loading_model' end
  local ahead = r.state == 'waiting' and places_ahead(job.render, r)
  if not ahead then return job end
  job.position = ahead + 1
  if rate > 0 then
    local running = tonumber(redis.call('HGET', K .. 'clock:' .. r.line, 'running_px') or '0')
    local px = pixels_ahead(r.line, ahead, exact_places) + running + tonumber(r.px)
    job.eta_s = px / 1e6 / rate
  end
  return job
end

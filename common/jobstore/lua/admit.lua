#!lua
-- admit: answers a submission without its upload, or asks for the upload.
-- Before: nothing is stored. After: the job is recorded as hit, joined or failed (a remembered
-- failure), or replayed. `need_input`: the upload's object name is doomed in an hour (an image's is
-- already held). `check_output`: the caller must first check that the picture of a hit is still
-- stored. A refusal changes nothing.
local a = cjson.decode(ARGV[1])
local function run()
  local seen = replay(a)
  if seen then return seen end
  local closed = batch_is_closed(a) or unseen_hit(a)
  if closed then return closed end
  if lack_of_room() == 'memory' then return { outcome = 'queue_full', cause = 'memory' } end
  local function record(cache, input) record_job(a, cache, input) end
  local answer = answer_from_failure(a, record) or answer_from_store(a, record)
  if answer then return answer end
  if not a.image then doom(a.input, now + P.upload_ms) end
  return { outcome = 'need_input' }
end
return cjson.encode(run())

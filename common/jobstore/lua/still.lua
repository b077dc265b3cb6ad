#!lua flags=no-writes
-- still: whether an ended job's record is the one whose mark `view` told.
local a = cjson.decode(ARGV[1])
return cjson.encode(mark_of(a.job) == a.mark)

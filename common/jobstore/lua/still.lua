#!lua flags=no-writes
-- still: whether an ended job's record is unchanged since `view` returned this mark.
local a = cjson.decode(ARGV[1])
return cjson.encode(mark_of(a.job) == a.mark)

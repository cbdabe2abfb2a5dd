-- What is in flight for the instance, at most ARGV[4] of each lane: {{lane, entry, job}..}.
return entries(tonumber(ARGV[4]))

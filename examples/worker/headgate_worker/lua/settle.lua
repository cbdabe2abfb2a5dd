-- Ends one job's flight. The new place is written before the old one is cleared, and only if the job is still ours:
-- a job that was given to another instance in the meantime belongs to that one.
-- ARGV: 4 finish | retry | bury | give_back, 5 entry, 6 the job as fetched, 7 the job as to be kept,
--       8 delay in seconds (retry); 9 jobs, 10 seconds, 11 burst (give_back: the unused token goes back); 12 fence.
-- A give-back the broker comes to late could meet the same job fetched anew, so an older fence than the record's stops it.
-- Returns 1, or 0 when the job was not ours.
local how, entry, job, kept = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if not holds(FIRST_LANE, entry, job) then return 0 end
local fence = field(redis.call('HGET', RECORDS, INSTANCE), 'fence') or 0
if how == 'give_back' and fence > tonumber(ARGV[12]) then return 0 end
if how == 'retry' then
  redis.call('ZADD', SCHEDULED, string.format('%.6f', now() + tonumber(ARGV[8])), kept)
elseif how == 'bury' then
  bury(kept)
elseif how == 'give_back' then
  enqueue_first(FIRST_LANE, job)
  local jobs, per, burst = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
  if jobs > 0 then
    local t = now()
    set_tokens(math.min(burst, tokens(jobs, per, burst, t) + 1), jobs, per, burst, t)
  end
end
drop(FIRST_LANE, entry, job)
return 1

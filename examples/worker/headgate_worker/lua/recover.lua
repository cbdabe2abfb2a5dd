-- Moves a dead instance's jobs (INSTANCE is the dead one) back to their lanes or to the dead letters, and forgets the
-- instance when nothing is left. Does nothing when it has written its record again.
-- ARGV: 4 seconds after which a record is dead, then for each job: again | bury, lane, entry, job, job as to be kept.
-- Returns {moved, left}.
if age(INSTANCE, now()) <= tonumber(ARGV[4]) then return {0, in_flight()} end
local lanes = {}
for lane = FIRST_LANE, #KEYS do lanes[KEYS[lane]] = lane end
local moved = 0
for i = 5, #ARGV, 5 do
  local how, lane, entry, job, kept = ARGV[i], lanes[ARGV[i + 1]], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  if lane and holds(lane, entry, job) then
    if how == 'bury' then bury(kept) else enqueue_first(lane, kept) end
    drop(lane, entry, job)
    moved = moved + 1
  end
end
local left = in_flight()
if left == 0 then
  forget_instance()
  redis.call('HDEL', RECORDS, INSTANCE)
end
return {moved, left}

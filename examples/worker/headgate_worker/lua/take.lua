-- Moves due jobs from the schedule to their lanes, then up to ARGV[4] jobs, strictest lane first, into flight.
-- ARGV: 4 wanted, 5 jobs, 6 seconds and 7 burst of the rate limit (5 is 0 when there is none), 8 the source's fence.
-- Returns {open, seconds to the next token, seconds to the next due job or -1, marks, {{lane, entry, job}..}}.
-- `open` is 0, and nothing moves, unless the instance's record says Running, else others could not find its jobs, and
-- names this fence: a take the broker comes to late, after its worker gave it up for lost, must not be carried out.
local record = redis.call('HGET', RECORDS, INSTANCE)
if field(record, 'state') ~= 'Running' or field(record, 'fence') ~= tonumber(ARGV[8]) then return {0, '0', '-1', {}, {}} end

local t = now()
for _, job in ipairs(redis.call('ZRANGEBYSCORE', SCHEDULED, '-inf', string.format('%.6f', t), 'LIMIT', 0, 100)) do
  enqueue(lane_of(job), job)
  redis.call('ZREM', SCHEDULED, job)
end
local next_due = redis.call('ZRANGE', SCHEDULED, 0, 0, 'WITHSCORES')[2]

local want, jobs, per, burst = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local left = 0
if jobs > 0 then
  left = tokens(jobs, per, burst, t)
  want = math.min(want, math.floor(left))
end

local taken = {}
for lane = FIRST_LANE, #KEYS do
  if #taken >= want then break end
  for _, job in ipairs(fetch(lane, want - #taken)) do taken[#taken + 1] = {KEYS[lane], job[1], job[2]} end
end

local refill = 0
if jobs > 0 then
  if #taken > 0 then set_tokens(left - #taken, jobs, per, burst, t) end
  refill = math.max(0, 1 - (left - #taken)) * per / jobs
end
local due = -1
if next_due then due = math.max(0, tonumber(next_due) - t) end
return {1, string.format('%.6f', refill), string.format('%.6f', due), #taken == 0 and marks() or {}, taken}

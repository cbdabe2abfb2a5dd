-- What all scripts of one queue share.
-- KEYS: 1 status records, 2 token bucket, 3 scheduled, 4 dead letters, 5 in-flight list (List only),
--       6 recovery lease, 7.. waiting lists or streams, strictest first.
-- ARGV: 1 instance, 2 consumer group (Stream only), 3 name of the queue's key without priority, 4.. per script.
local RECORDS, BUCKET, SCHEDULED, DEAD, IN_FLIGHT, LEASE, FIRST_LANE = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], 7
local INSTANCE, GROUP, BASE = ARGV[1], ARGV[2], ARGV[3]

local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1e6
end

local function field(record, name)
  local ok, value = pcall(cjson.decode, record or '')
  if ok and type(value) == 'table' then return value[name] end
  return nil
end

-- Seconds since the instance wrote its record; a missing or unreadable record is as old as can be.
local function age(instance, t)
  return t - (tonumber(field(redis.call('HGET', RECORDS, instance), 'time')) or 0)
end

-- The lane a job names in its `priority`, else the last one: a job never vanishes for a wrong name.
local function lane_of(job)
  local wanted = BASE .. ':' .. tostring(field(job, 'priority'))
  for lane = FIRST_LANE, #KEYS do
    if KEYS[lane] == wanted then return lane end
  end
  return #KEYS
end

local function tokens(jobs, per, burst, t)
  local state = redis.call('HMGET', BUCKET, 'tokens', 'at')
  local left, at = tonumber(state[1]) or burst, tonumber(state[2]) or t
  return math.min(burst, left + math.max(0, t - at) * jobs / per)
end

-- A bucket nobody touched for as long as it takes to fill is a full one, so it may expire.
local function set_tokens(left, jobs, per, burst, t)
  redis.call('HSET', BUCKET, 'tokens', string.format('%.6f', left), 'at', string.format('%.6f', t))
  redis.call('EXPIRE', BUCKET, math.ceil(burst * per / jobs) + 60)
end

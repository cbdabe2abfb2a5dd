-- The List layout: jobs enter on the left, are taken from the right, and lie in the instance's own list while in flight.
local function fetch(lane, want)
  local jobs = {}
  while #jobs < want do
    local job = redis.call('LMOVE', KEYS[lane], IN_FLIGHT, 'RIGHT', 'LEFT')
    if not job then break end
    jobs[#jobs + 1] = {'', job}
  end
  return jobs
end

local function enqueue(lane, job) redis.call('LPUSH', KEYS[lane], job) end

local function enqueue_first(lane, job) redis.call('RPUSH', KEYS[lane], job) end

local function bury(job) redis.call('LPUSH', DEAD, job) end

local function holds(_, _, job) return redis.call('LPOS', IN_FLIGHT, job) ~= false end

local function drop(_, _, job) redis.call('LREM', IN_FLIGHT, 1, job) end

local function in_flight() return redis.call('LLEN', IN_FLIGHT) end

local function entries(limit)
  local found = {}
  for _, job in ipairs(redis.call('LRANGE', IN_FLIGHT, 0, limit - 1)) do
    found[#found + 1] = {KEYS[lane_of(job)], '', job}
  end
  return found
end

local function forget_instance() end

local function marks() return {} end

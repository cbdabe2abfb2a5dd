-- The Stream layout: a finished entry is acknowledged and deleted, so the stream's length is waiting plus pending.
-- A given-back or recovered job is added anew, since an entry can't return to the undelivered ones.
local function with_group(lane, command, ...)
  local answer = redis.pcall(command, ...)
  if type(answer) == 'table' and answer.err then
    if not string.find(answer.err, 'NOGROUP', 1, true) then error(answer) end
    redis.call('XGROUP', 'CREATE', KEYS[lane], GROUP, '0', 'MKSTREAM')
    answer = redis.call(command, ...)
  end
  return answer
end

local function payload(fields)
  for i = 1, #(fields or {}), 2 do
    if fields[i] == 'job' then return fields[i + 1] end
  end
  return ''
end

local function fetch(lane, want)
  local answer = with_group(lane, 'XREADGROUP', 'GROUP', GROUP, INSTANCE, 'COUNT', want, 'STREAMS', KEYS[lane], '>')
  local jobs = {}
  if not answer then return jobs end
  for _, entry in ipairs(answer[1][2]) do
    jobs[#jobs + 1] = {entry[1], payload(entry[2])}
  end
  return jobs
end

local function enqueue(lane, job) redis.call('XADD', KEYS[lane], '*', 'job', job) end

local enqueue_first = enqueue

local function bury(job) redis.call('XADD', DEAD, '*', 'job', job) end

local function pending(lane, first, last, limit)
  return with_group(lane, 'XPENDING', KEYS[lane], GROUP, first, last, limit, INSTANCE)
end

local function holds(lane, entry) return #pending(lane, entry, entry, 1) == 1 end

local function drop(lane, entry)
  redis.call('XACK', KEYS[lane], GROUP, entry)
  redis.call('XDEL', KEYS[lane], entry)
end

local function in_flight()
  local count = 0
  for lane = FIRST_LANE, #KEYS do count = count + #pending(lane, '-', '+', 1000) end
  return count
end

local function entries(limit)
  local found = {}
  for lane = FIRST_LANE, #KEYS do
    for _, waiting in ipairs(pending(lane, '-', '+', limit)) do
      local entry = redis.call('XRANGE', KEYS[lane], waiting[1], waiting[1])[1]
      found[#found + 1] = {KEYS[lane], waiting[1], payload(entry and entry[2])}
    end
  end
  return found
end

local function forget_instance()
  for lane = FIRST_LANE, #KEYS do redis.pcall('XGROUP', 'DELCONSUMER', KEYS[lane], GROUP, INSTANCE) end
end

-- What the group was last given of each stream: a read past it wakes up when there is more.
local function marks()
  local ids = {}
  for lane = FIRST_LANE, #KEYS do
    ids[#ids + 1] = '0-0'
    local groups = redis.pcall('XINFO', 'GROUPS', KEYS[lane])
    for _, group in ipairs(groups.err and {} or groups) do
      local facts = {}
      for i = 1, #group, 2 do facts[group[i]] = group[i + 1] end
      if facts['name'] == GROUP then ids[#ids] = facts['last-delivered-id'] end
    end
  end
  return ids
end

#!lua
-- Enqueues jobs and notes them in the ledger, all in one step, so that the ledger holds exactly the jobs that exist.
-- Repeating a call whose answer got lost enqueues nothing twice.
-- KEYS: 1 ledger, 2 ids sent so far, 3.. waiting lists or streams.
-- ARGV: 1 layout, 2 seconds to keep the ledger, then for each job: index of its key, id, JSON up to the time of enqueueing.
local t = redis.call('TIME')
local now = string.format('%d.%06d', t[1], t[2])
local sent = 0
for i = 3, #ARGV, 3 do
  local key, id = KEYS[2 + tonumber(ARGV[i])], ARGV[i + 1]
  if redis.call('SADD', KEYS[2], id) == 1 then
    local job = ARGV[i + 2] .. now .. '}'
    if ARGV[1] == 'Stream' then redis.call('XADD', key, '*', 'job', job) else redis.call('LPUSH', key, job) end
    redis.call('XADD', KEYS[1], '*', 'event', 'enqueued', 'id', id)
    sent = sent + 1
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return sent

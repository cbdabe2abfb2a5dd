-- Writes the status record with the broker's own time.
-- ARGV: 4 the record up to its time, 5 the rest, 6 its state, 7 its number: a write that comes late must not undo a newer one.
-- Returns {written, time, jobs in flight}. `Drained` is refused while anything is in flight: the proof is the broker's.
local left, t = in_flight(), string.format('%.6f', now())
if ARGV[6] == 'Drained' and left > 0 then return {0, t, left} end
if (field(redis.call('HGET', RECORDS, INSTANCE), 'seq') or 0) >= tonumber(ARGV[7]) then return {0, t, left} end
redis.call('HSET', RECORDS, INSTANCE, ARGV[4] .. t .. ARGV[5])
return {1, t, left}

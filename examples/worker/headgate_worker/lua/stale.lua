-- Instances whose record is older than ARGV[4] seconds, as {{instance, record}..}. One worker looks every ARGV[5] ms:
-- reading all records from every worker would cost the square of their number.
if not redis.call('SET', LEASE, INSTANCE, 'NX', 'PX', ARGV[5]) then return {} end
local t, found = now(), {}
local records = redis.call('HGETALL', RECORDS)
for i = 1, #records, 2 do
  if records[i] ~= INSTANCE and t - (tonumber(field(records[i + 1], 'time')) or 0) > tonumber(ARGV[4]) then
    found[#found + 1] = {records[i], records[i + 1]}
  end
end
return found

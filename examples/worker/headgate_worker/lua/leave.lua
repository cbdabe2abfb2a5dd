-- Removes the instance's record, unless jobs in flight still need it to be found. Returns 1 when it is gone.
if in_flight() > 0 then return 0 end
forget_instance()
redis.call('HDEL', RECORDS, INSTANCE)
return 1

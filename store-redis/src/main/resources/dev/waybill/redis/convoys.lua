-- KEYS: store, convoys. ARGV: format, a state or nothing, a status or nothing, least time in its state, names of fields.
-- Returns the time, and for each convoy its fields, or nothing if it is not there or not meant.
local refusal = foreign(2, {'hash'})
if refusal then
  return refusal
end
local state, status, age, moment = ARGV[2], ARGV[3], tonumber(ARGV[4]), now()
local convoys = {}
for i = 2, #KEYS do
  local is = redis.call('HMGET', KEYS[i], 'state', 'status', 'since')
  local meant = is[1]
    and (state == '' or state == is[1])
    and (status == '' or status == is[2])
    and (age == 0 or moment - (tonumber(is[3]) or 0) >= age)
  convoys[i - 1] = meant and redis.call('HMGET', KEYS[i], unpack(ARGV, 5))
end
return {moment, convoys}

-- KEYS: store, candidates by time. ARGV: format. Returns how many milliseconds it is until more is due, or nothing.
local refusal = foreign(2, {'zset'})
if refusal then
  return refusal
end
local moment = now()
local first = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. string.format('%.0f', moment), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
return first[2] and tonumber(first[2]) - moment

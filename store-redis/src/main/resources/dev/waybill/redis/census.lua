-- KEYS: store, counts, due, outbox. ARGV: format.
-- Returns the counts, how many convoys are due and for how long the first has been, and the same of letters.
local refusal = foreign(2, {'hash', 'zset', 'zset'})
if refusal then
  return refusal
end
local moment = now()
local function age(key)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return first[2] and math.max(0, moment - tonumber(first[2])) or 0
end
return {
  redis.call('HGETALL', KEYS[2]),
  redis.call('ZCOUNT', KEYS[3], '-inf', moment), age(KEYS[3]),
  redis.call('ZCARD', KEYS[4]), age(KEYS[4])
}

-- KEYS: store, convoy, held, history, letters. ARGV: format, names of fields.
-- Returns the time, the fields, what is held, the history, and how many letters there are.
local refusal = foreign(2, {'hash', 'hash', 'list', 'zset'})
if refusal then
  return refusal
end
local fields = redis.call('EXISTS', KEYS[2]) == 1 and redis.call('HMGET', KEYS[2], unpack(ARGV, 2))
return {now(), fields, redis.call('HGETALL', KEYS[3]), redis.call('LRANGE', KEYS[4], 0, -1), redis.call('ZCARD', KEYS[5])}

-- KEYS: store, convoy, ids. ARGV: format, id of a message or nothing, names of fields.
-- Returns the time, whether the message is known, and the fields.
local refusal = foreign(2, {'hash', 'hash'})
if refusal then
  return refusal
end
local known = ARGV[2] ~= '' and redis.call('HEXISTS', KEYS[3], ARGV[2]) or 0
local fields = redis.call('EXISTS', KEYS[2]) == 1 and redis.call('HMGET', KEYS[2], unpack(ARGV, 3))
return {now(), known, fields}

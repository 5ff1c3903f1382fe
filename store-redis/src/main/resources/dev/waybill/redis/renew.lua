-- KEYS: store, leases, owners. ARGV: format, token, milliseconds of a lease, members. Returns how many are still the token's.
local refusal = foreign(2, {'zset', 'hash'})
if refusal then
  return refusal
end
local ends, kept = now() + tonumber(ARGV[3]), 0
for i = 4, #ARGV do
  if redis.call('HGET', KEYS[3], ARGV[i]) == ARGV[2] then
    redis.call('ZADD', KEYS[2], ends, ARGV[i])
    kept = kept + 1
  end
end
return kept

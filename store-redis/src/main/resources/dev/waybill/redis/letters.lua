-- KEYS: store, sending, leases, owners, letters of each convoy. ARGV: format, token, how many, keys of the convoys.
-- Returns for each convoy its first letters. Those that nothing is taken of are given up.
local refusal = foreign(2, {'zset', 'zset', 'hash'}, 4) or foreign(5, {'zset'})
if refusal then
  return refusal
end
local token, left, letters = ARGV[2], tonumber(ARGV[3]), {}
for i = 5, #KEYS do
  local convoy = ARGV[i - 1]
  local first = {}
  if left > 0 and redis.call('HGET', KEYS[4], convoy) == token then
    first = redis.call('ZRANGE', KEYS[i], 0, left - 1)
    if #first == 0 then
      redis.call('ZREM', KEYS[2], convoy)
    end
  end
  if #first == 0 then
    release(KEYS[3], KEYS[4], token, convoy)
  end
  left = left - #first
  letters[i - 4] = first
end
return letters

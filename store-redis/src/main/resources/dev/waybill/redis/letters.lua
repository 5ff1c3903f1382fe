-- KEYS: store, sending, leases, owners, letters of each convoy. ARGV: format, token, how many, how many bytes, keys of the convoys.
-- Returns for each convoy its first letters. Those that nothing is taken of are given up.
local refusal = foreign(2, {'zset', 'zset', 'hash'}, 4) or foreign(5, {'zset'})
if refusal then
  return refusal
end
local token, left, most, bytes, letters = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), 0, {}
for i = 5, #KEYS do
  local convoy = ARGV[i]
  local first = {}
  if left > 0 and redis.call('HGET', KEYS[4], convoy) == token then
    local letter = redis.call('ZRANGE', KEYS[i], 0, 0)[1]
    if not letter then
      redis.call('ZREM', KEYS[2], convoy)
    end
    while letter and left > 0 do
      -- The first alone may have more.
      if bytes > 0 and bytes + #letter > most then
        left = 0
      else
        first[#first + 1] = letter
        left, bytes = left - 1, bytes + #letter
        letter = redis.call('ZRANGE', KEYS[i], #first, #first)[1]
      end
    end
  end
  if #first == 0 then
    release(KEYS[3], KEYS[4], token, convoy)
  end
  letters[i - 4] = first
end
return letters

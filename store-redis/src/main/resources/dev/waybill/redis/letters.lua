-- KEYS: store, sending, leases, owners, outbox, letters of each convoy. ARGV: format, token, how many, how many bytes, keys of the
-- convoys.
-- Returns for each convoy its first letters, and after each for how many milliseconds it has been stored. Those that nothing is taken of
-- are given up.
local refusal = foreign(2, {'zset', 'zset', 'hash'}, 4) or foreign(5, {'zset'})
if refusal then
  return refusal
end
local token, left, most, bytes, letters, moment = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), 0, {}, now()
local function stored_for(letter)
  local stored = redis.call('ZSCORE', KEYS[5], letter:match('^%d*'))
  return string.format('%.0f', stored and math.max(0, moment - stored) or 0)
end
for i = 6, #KEYS do
  local convoy = ARGV[i - 1]
  local first, count = {}, 0
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
        first[#first + 1] = stored_for(letter)
        count, left, bytes = count + 1, left - 1, bytes + #letter
        letter = redis.call('ZRANGE', KEYS[i], count, count)[1]
      end
    end
  end
  if #first == 0 then
    release(KEYS[3], KEYS[4], token, convoy)
  end
  letters[i - 5] = first
end
return letters

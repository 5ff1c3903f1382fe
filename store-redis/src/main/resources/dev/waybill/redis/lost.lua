-- KEYS: store, convoy, due, index. ARGV: format, key. Forgets the time of a convoy that somebody has deleted behind the store's back.
-- Returns whether there was one.
if redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
redis.call('ZREM', KEYS[4], ARGV[2])
return redis.call('ZREM', KEYS[3], ARGV[2])

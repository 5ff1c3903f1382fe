-- KEYS: store, index. ARGV: format, the last key that is not wanted, how many. Returns the time, and keys in order.
return foreign(2, {'zset'})
  or {now(), redis.call('ZRANGEBYLEX', KEYS[2], '(' .. ARGV[2], '+', 'LIMIT', 0, ARGV[3])}

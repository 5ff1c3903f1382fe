-- KEYS: store, held. ARGV: format. Returns order and message in turn.
return foreign(2, {'hash'}) or redis.call('HGETALL', KEYS[2])

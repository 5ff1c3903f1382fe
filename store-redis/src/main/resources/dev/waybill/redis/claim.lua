-- KEYS: store, candidates by time, leases by their end, owners. ARGV: format, token, milliseconds of a lease, how many.
-- Returns the time, and those of which the time has come and that nobody else has; they are the token's as long as the lease lasts.
local refusal = foreign(2, {'zset', 'zset', 'hash'})
if refusal then
  return refusal
end
local candidates, leases, owners = KEYS[2], KEYS[3], KEYS[4]
local token, lease, limit, moment = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), now()
-- What ended without being given up: the process has died. Some at a time; a lease that has ended counts for nothing anyway.
for _, member in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', moment, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', leases, member)
  redis.call('HDEL', owners, member)
end
local claimed, offset, page = {}, 0, math.min(limit, 1000)
while #claimed < limit do
  local members = redis.call('ZRANGEBYSCORE', candidates, '-inf', moment, 'LIMIT', offset, page)
  if #members == 0 then
    break
  end
  local ends = redis.call('ZMSCORE', leases, unpack(members))
  for i, member in ipairs(members) do
    if #claimed < limit and (not ends[i] or tonumber(ends[i]) <= moment) then
      claimed[#claimed + 1] = member
    end
  end
  offset = offset + #members
end
for _, member in ipairs(claimed) do
  redis.call('ZADD', leases, moment + lease, member)
  redis.call('HSET', owners, member, token)
end
return {moment, claimed}

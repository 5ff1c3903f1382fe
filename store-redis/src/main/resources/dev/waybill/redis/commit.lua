-- Keeps a transaction: looks whether all of it is possible, and only then writes.
-- KEYS: store; for each change convoy, history, ids, held, letters, index, due, sending, counts, outbox; for each deletion convoy,
-- history, ids, held, index, due, counts; for each convoy of which letters were sent, letters, sending, leases, owners, outbox; for
-- each kind of claim leases, owners.
-- ARGV: format, token, how many there are of each of these, and then what is read below, in that order.
-- Returns 0, or which of the changes or deletions is stale; and of how many letters the lease was lost.
local CHANGE = {'hash', 'list', 'hash', 'hash', 'zset', 'zset', 'zset', 'zset', 'hash', 'zset'}
local DELETION = {'hash', 'list', 'hash', 'hash', 'zset', 'zset', 'hash'}
local SENT = {'zset', 'zset', 'zset', 'hash', 'zset'}
local CLAIM = {'zset', 'hash'}

local position = 1
local function arg()
  position = position + 1
  return ARGV[position]
end
local function number()
  return tonumber(arg())
end

local token, changes, deletions, sent, claims = arg(), number(), number(), number(), number()
local first_deletion = 2 + changes * #CHANGE
local first_sent = first_deletion + deletions * #DELETION
local first_claim = first_sent + sent * #SENT

local refusal = foreign(2, CHANGE, first_deletion - 1)
  or foreign(first_deletion, DELETION, first_sent - 1)
  or foreign(first_sent, SENT, first_claim - 1)
  or foreign(first_claim, CLAIM)
if refusal then
  return refusal
end
if not tonumber(redis.call('HGET', KEYS[1], 'last-letter') or 0) then
  return redis.error_reply('FOREIGN key ' .. KEYS[1] .. ' has a field last-letter that is no number')
end
for i = 1, changes + deletions do
  local convoy = KEYS[i <= changes and 2 + (i - 1) * #CHANGE or first_deletion + (i - changes - 1) * #DELETION]
  local before, after = arg(), arg()
  local stored = redis.call('HMGET', convoy, 'version', 'commit')
  if i <= changes and stored[1] == after and stored[2] == token then
    -- The client has asked again because it got no answer: this is done.
    return {0, 0}
  end
  if (stored[1] or '0') ~= before then
    return {i, 0}
  end
  if not stored[1] and redis.call('EXISTS', convoy) == 1 then
    return redis.error_reply('FOREIGN key ' .. convoy .. ' has no field version')
  end
end

-- From here on nothing can fail.
local moment = now()
-- How many more there are than before, by key and field; written together in the end.
local counted = {}
local function count(counts, convoy, by)
  local is = redis.call('HMGET', convoy, 'state', 'status', 'held')
  if is[1] then
    local more = counted[counts] or {}
    counted[counts] = more
    local group = (is[2] or '') .. ' ' .. is[1]
    more[group] = (more[group] or 0) + by
    more.held = (more.held or 0) + by * (tonumber(is[3]) or 0)
  end
end
redis.call('HSETNX', KEYS[1], 'format', ARGV[1])
-- An entry is as in the query of a URL.
local function id_of(entry)
  local id = entry:match('message=([^&]*)') or ''
  return (id:gsub('%+', ' '):gsub('%%(%x%x)', function(code) return string.char(tonumber(code, 16)) end))
end
for i = 1, changes do
  local key = 2 + (i - 1) * #CHANGE
  local convoy, history, ids, held = KEYS[key], KEYS[key + 1], KEYS[key + 2], KEYS[key + 3]
  local letters, index, due, sending = KEYS[key + 4], KEYS[key + 5], KEYS[key + 6], KEYS[key + 7]
  local counts, outbox = KEYS[key + 8], KEYS[key + 9]
  local name, begins, at, fields = arg(), arg(), arg(), number()
  count(counts, convoy, -1)
  redis.call('DEL', convoy)
  redis.call('HSET', convoy, 'commit', token, unpack(ARGV, position + 1, position + fields))
  count(counts, convoy, 1)
  position = position + fields
  if begins == '1' then
    redis.call('ZADD', index, 0, name)
  end
  if at == '0' then
    redis.call('ZREM', due, name)
  else
    redis.call('ZADD', due, at, name)
  end
  local keep = number()
  for _ = 1, number() do
    local id, entry = arg(), arg()
    redis.call('RPUSH', history, entry)
    if id ~= '' then
      redis.call('HSET', ids, id, 'done')
    end
  end
  for _ = 1, keep > 0 and redis.call('LLEN', history) - keep or 0 do
    redis.call('HDEL', ids, id_of(redis.call('LPOP', history)))
  end
  for _ = 1, number() do
    local id, order = arg(), arg()
    redis.call('HDEL', held, order)
    if redis.call('HGET', ids, id) == 'held' then
      redis.call('HDEL', ids, id)
    end
  end
  for _ = 1, number() do
    local id, order, message = arg(), arg(), arg()
    redis.call('HSET', held, order, message)
    redis.call('HSETNX', ids, id, 'held')
  end
  local send = number()
  for _ = 1, send do
    local id = redis.call('HINCRBY', KEYS[1], 'last-letter', 1)
    local number = string.format('%.0f', id)
    redis.call('ZADD', letters, id, number .. ' ' .. arg())
    redis.call('ZADD', outbox, moment, number)
  end
  if send > 0 then
    -- What waits already is not sent earlier because of this.
    redis.call('ZADD', sending, 'NX', moment, name)
  end
end
for i = 1, deletions do
  local key, name = first_deletion + (i - 1) * #DELETION, arg()
  count(KEYS[key + 6], KEYS[key], -1)
  redis.call('DEL', KEYS[key], KEYS[key + 1], KEYS[key + 2], KEYS[key + 3])
  redis.call('ZREM', KEYS[key + 4], name)
  redis.call('ZREM', KEYS[key + 5], name)
end
local lost = 0
for i = 1, sent do
  local key = first_sent + (i - 1) * #SENT
  local letters, sending, owners = KEYS[key], KEYS[key + 1], KEYS[key + 3]
  local name, pause, count = arg(), number(), number()
  if redis.call('HGET', owners, name) == token then
    for _ = 1, count do
      local id = arg()
      redis.call('ZREMRANGEBYSCORE', letters, id, id)
      redis.call('ZREM', KEYS[key + 4], id)
    end
    if redis.call('ZCARD', letters) == 0 then
      redis.call('ZREM', sending, name)
    elseif pause > 0 then
      redis.call('ZADD', sending, moment + pause, name)
    end
  else
    lost = lost + count
    position = position + count
  end
end
for counts, more in pairs(counted) do
  for field, by in pairs(more) do
    -- A count that somebody has spoilt is not worth a commit.
    if by ~= 0 and redis.pcall('HINCRBY', counts, field, by) == 0 then
      redis.call('HDEL', counts, field)
    end
  end
end
for i = 1, claims do
  local key = first_claim + (i - 1) * #CLAIM
  for _ = 1, number() do
    release(KEYS[key], KEYS[key + 1], token, arg())
  end
end
return {0, lost}

-- Begins every script. KEYS[1] is the store's own key and ARGV[1] the format that the caller knows.

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- An error if one of the keys from the first on has the data of somebody else. The kinds are repeated as often as it takes.
local looked = {}
local function foreign(first, kinds, last)
  for i = first, last or #KEYS do
    local key = KEYS[i]
    if not looked[key] then
      looked[key] = true
      local kind, is = kinds[(i - first) % #kinds + 1], redis.call('TYPE', key).ok
      if is ~= kind and is ~= 'none' then
        return redis.error_reply('FOREIGN key ' .. key .. ' is of the type ' .. is .. ', not ' .. kind)
      end
    end
  end
  return nil
end

-- Gives up what the token has claimed, but not what another has claimed since.
local function release(leases, owners, token, member)
  if redis.call('HGET', owners, member) == token then
    redis.call('HDEL', owners, member)
    redis.call('ZREM', leases, member)
  end
end

local refusal = foreign(1, {'hash'}, 1)
if refusal then
  return refusal
end
local format = redis.call('HGET', KEYS[1], 'format')
if format and format ~= ARGV[1] then
  return redis.error_reply('FORMAT the data are in format ' .. format .. ', this version of Waybill knows format ' .. ARGV[1])
end
if not format and redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.error_reply('FOREIGN key ' .. KEYS[1] .. ' has no field format')
end

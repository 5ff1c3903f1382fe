-- KEYS: store, probe. Tries every command that a commit needs, so that a user who lacks one is refused before anything is half done.
local refused
local function try(command, ...)
  local answer = redis.pcall(command, ...)
  if not refused and type(answer) == 'table' and answer.err then
    refused = command .. ': ' .. answer.err
  end
end
local probe = KEYS[2]
try('DEL', probe)
try('TYPE', probe)
try('EXISTS', probe)
try('RPUSH', probe, '')
try('LRANGE', probe, 0, 0)
try('LLEN', probe)
try('LPOP', probe)
try('DEL', probe)
try('ZADD', probe, 0, 'a', 0, 'b')
try('ZMSCORE', probe, 'a')
try('ZRANGE', probe, 0, 0)
try('ZCOUNT', probe, 0, 0)
try('ZRANGEBYSCORE', probe, 0, 0)
try('ZRANGEBYLEX', probe, '-', '+')
try('ZREMRANGEBYSCORE', probe, 1, 1)
try('ZREM', probe, 'b')
try('ZCARD', probe)
try('DEL', probe)
try('HSET', probe, 'a', '')
try('HSETNX', probe, 'b', '')
try('HINCRBY', probe, 'c', 1)
try('HGET', probe, 'a')
try('HMGET', probe, 'a')
try('HGETALL', probe)
try('HEXISTS', probe, 'a')
try('HDEL', probe, 'a')
try('DEL', probe)
if refused then
  return redis.error_reply('DENIED the server refuses ' .. refused)
end
redis.call('HSETNX', KEYS[1], 'format', ARGV[1])
return now()

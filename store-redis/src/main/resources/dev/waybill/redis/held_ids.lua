-- KEYS: store, held. ARGV: format. Returns order and message in turn, of messages only the line before their body.
local refusal = foreign(2, {'hash'})
if refusal then
  return refusal
end
local held = redis.call('HGETALL', KEYS[2])
for i = 2, #held, 2 do
  held[i] = held[i]:match('^[^\n]*\n') or ''
end
return held

-- KEYS: store, leases, owners. ARGV: format, token, members.
local refusal = foreign(2, {'zset', 'hash'})
if refusal then
  return refusal
end
for i = 3, #ARGV do
  release(KEYS[2], KEYS[3], ARGV[2], ARGV[i])
end
return 0

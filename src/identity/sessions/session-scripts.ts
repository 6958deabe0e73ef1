import { RedisScript } from '../../state/redis-script.js';

/*
 * Each script takes the session's hash and the user's index, which share the hash tag {userId} and so one Cluster slot.
 * Times are the gateway's, in epoch milliseconds, so that they can be compared with those that were written; a key's
 * time to live only cleans up. Every change is published as "changed <id>" or "ended <id>", which drops the session from
 * the caches of all replicas.
 */

/** KEYS session, index. ARGV sessionId, now, idleMs, most sessions, prefix of session keys, channel, field, value, ... */
export const CREATE_SESSION = new RedisScript(`
local id, now, idle, most, prefix, channel = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6]
local oldest, oldest_seen, count = nil, math.huge, 0
if redis.call('TYPE', KEYS[2]).ok ~= 'zset' then redis.call('DEL', KEYS[2]) end
for _, other in ipairs(redis.call('ZRANGE', KEYS[2], 0, 2 * most)) do
  local seen = tonumber(redis.call('HGET', prefix .. other, 'seen') or '')
  if not seen then
    redis.call('ZREM', KEYS[2], other)
  else
    count = count + 1
    if seen < oldest_seen then oldest, oldest_seen = other, seen end
  end
end
if count >= most and oldest then
  redis.call('DEL', prefix .. oldest)
  redis.call('ZREM', KEYS[2], oldest)
  redis.call('PUBLISH', channel, 'ended ' .. oldest)
end
for i = 7, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
local expires = tonumber(redis.call('HGET', KEYS[1], 'expires'))
redis.call('PEXPIRE', KEYS[1], math.max(1, math.min(idle, expires - now)))
redis.call('ZADD', KEYS[2], now, id)
redis.call('PEXPIRE', KEYS[2], math.max(expires - now, redis.call('PTTL', KEYS[2]), 1))
return 1
`);

const LIVING = `
local function living(now, idle)
  local times = redis.call('HMGET', KEYS[1], 'seen', 'expires')
  local seen, expires = tonumber(times[1] or ''), tonumber(times[2] or '')
  if not seen or not expires or now >= expires or now >= seen + idle then return nil end
  return expires
end
local function use(now, idle, expires)
  redis.call('HSET', KEYS[1], 'seen', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.max(1, math.min(idle, expires - now)))
end
local function finish(id, channel)
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], id)
  redis.call('PUBLISH', channel, 'ended ' .. id)
end
`;

/**
 * KEYS session, index. ARGV sessionId, now, idleMs, channel, family, presented, next, rights, their seal. A Cluster client asks again
 * when a connection is lost; whoever knows the next token's hash is the one who has just set it.
 */
export const ROTATE_SESSION = new RedisScript(`${LIVING}
local id, now, idle, channel = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local expires = living(now, idle)
if not expires or redis.call('HGET', KEYS[1], 'family') ~= ARGV[5] then return 'unknown' end
local refresh = redis.call('HGET', KEYS[1], 'refresh')
if refresh ~= ARGV[6] and refresh ~= ARGV[7] then
  finish(id, channel)
  return 'reused'
end
redis.call('HSET', KEYS[1], 'refresh', ARGV[7], 'rights', ARGV[8], 'rights_seal', ARGV[9])
use(now, idle, expires)
redis.call('PUBLISH', channel, 'changed ' .. id)
return 'rotated'
`);

/** KEYS session, index. ARGV now, idleMs. */
export const TOUCH_SESSION = new RedisScript(`${LIVING}
local now, idle = tonumber(ARGV[1]), tonumber(ARGV[2])
local expires = living(now, idle)
if expires then use(now, idle, expires) end
return 1
`);

/** KEYS session, index. ARGV sessionId, now, idleMs, channel. Replies 1 when a living session was ended. */
export const END_SESSION = new RedisScript(`${LIVING}
local expires = living(tonumber(ARGV[2]), tonumber(ARGV[3]))
finish(ARGV[1], ARGV[4])
return expires and 1 or 0
`);

/** KEYS any of the user's, index. ARGV prefix of session keys, most, field, ... Replies a list of [sessionId, [value, ...]]. */
export const LIST_SESSIONS = new RedisScript(`
local found = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[2], 0, tonumber(ARGV[2]) - 1)) do
  local values = redis.call('HMGET', ARGV[1] .. id, unpack(ARGV, 3))
  if values[1] then found[#found + 1] = { id, values } end
end
return found
`);

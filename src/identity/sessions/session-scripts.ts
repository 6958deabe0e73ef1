import { RedisScript } from '../../state/redis-script.js';

/*
 * All keys of a user's sessions share the hash tag {userId} and so one Cluster slot. Times are the gateway's, in epoch
 * milliseconds, so that they can be compared with those that were written; a key's time to live only cleans up. Every
 * change is published as "changed <id>" or "ended <id>", which drops the session from the caches of all replicas.
 */

const LIVING = `
local function living(key, now)
  local times = redis.call('HMGET', key, 'seen', 'idle', 'expires')
  local seen, idle, expires = tonumber(times[1] or ''), tonumber(times[2] or ''), tonumber(times[3] or '')
  return seen and idle and expires and now < expires and now < seen + idle
end
local function keep(key, now)
  local times = redis.call('HMGET', key, 'seen', 'idle', 'expires')
  local ends = math.min(tonumber(times[1]) + tonumber(times[2]), tonumber(times[3]))
  redis.call('PEXPIRE', key, string.format('%.0f', math.max(1, ends - now)))
end
local function use(key, now)
  redis.call('HSET', key, 'seen', string.format('%.0f', now))
  keep(key, now)
end
local function finish(key, index, id, channel)
  redis.call('DEL', key)
  redis.call('ZREM', index, id)
  redis.call('PUBLISH', channel, 'ended ' .. id)
end
`;

/** KEYS session, index. ARGV sessionId, now, most sessions, prefix of session keys, channel, field, value, ... */
export const CREATE_SESSION = new RedisScript(`${LIVING}
local id, now, most, prefix, channel = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
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
if count >= most and oldest then finish(prefix .. oldest, KEYS[2], oldest, channel) end
redis.call('HSET', KEYS[1], unpack(ARGV, 6))
keep(KEYS[1], now)
redis.call('ZADD', KEYS[2], now, id)
local left = tonumber(redis.call('HGET', KEYS[1], 'expires')) - now
redis.call('PEXPIRE', KEYS[2], string.format('%.0f', math.max(left, redis.call('PTTL', KEYS[2]), 1)))
return 1
`);

/**
 * KEYS session, index, successor. ARGV sessionId, now, channel, family, presented, next, graceMs, the next token sealed by
 * the presented one, field, value, ... (rights). Replies [outcome] or [outcome, sealed token]. A Cluster client asks again
 * when a connection is lost; whoever knows the next token's hash is the one who has just set it. What a replaced token may
 * still be answered with lies in a key of its own, "presented now sealed", which is gone when the grace is.
 */
export const ROTATE_SESSION = new RedisScript(`${LIVING}
local id, now, channel, presented, after, grace = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[5], ARGV[6], tonumber(ARGV[7])
if not living(KEYS[1], now) or redis.call('HGET', KEYS[1], 'family') ~= ARGV[4] then return { 'unknown' } end
local refresh = redis.call('HGET', KEYS[1], 'refresh')
if refresh == presented or refresh == after then
  redis.call('HSET', KEYS[1], 'refresh', after, unpack(ARGV, 9))
  use(KEYS[1], now)
  if grace > 0 then redis.call('SET', KEYS[3], presented .. ' ' .. ARGV[2] .. ' ' .. ARGV[8], 'PX', grace) end
  redis.call('PUBLISH', channel, 'changed ' .. id)
  return { 'rotated' }
end
local kept = grace > 0 and redis.call('GET', KEYS[3])
local replaced, at, sealed = string.match(kept or '', '^(%S+) (%d+) (%S+)$')
if replaced == presented and now < tonumber(at) + grace then
  use(KEYS[1], now)
  return { 'repeated', sealed }
end
finish(KEYS[1], KEYS[2], id, channel)
return { 'reused' }
`);

/** KEYS session. ARGV now. */
export const TOUCH_SESSION = new RedisScript(`${LIVING}
local now = tonumber(ARGV[1])
if living(KEYS[1], now) then use(KEYS[1], now) end
return 1
`);

/** KEYS session, index. ARGV sessionId, now, channel. Replies 1 when a living session was ended. */
export const END_SESSION = new RedisScript(`${LIVING}
local lived = living(KEYS[1], tonumber(ARGV[2]))
finish(KEYS[1], KEYS[2], ARGV[1], ARGV[3])
return lived and 1 or 0
`);

/** KEYS index. ARGV prefix of session keys, now, channel, id to be left alone. Replies the ids of living sessions that were ended. */
export const END_SESSIONS = new RedisScript(`${LIVING}
local ended = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if id ~= ARGV[4] then
    if living(ARGV[1] .. id, tonumber(ARGV[2])) then ended[#ended + 1] = id end
    finish(ARGV[1] .. id, KEYS[1], id, ARGV[3])
  end
end
return ended
`);

/** KEYS session. ARGV sessionId, now, channel, field, value, ... (rights first). Replies 1 when a living session had others. */
export const SET_RIGHTS = new RedisScript(`${LIVING}
local now = tonumber(ARGV[2])
if not living(KEYS[1], now) or redis.call('HGET', KEYS[1], ARGV[4]) == ARGV[5] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
keep(KEYS[1], now)
redis.call('PUBLISH', ARGV[3], 'changed ' .. ARGV[1])
return 1
`);

/** KEYS index. ARGV prefix of session keys, most, field, ... Replies a list of [sessionId, [value, ...]]. */
export const LIST_SESSIONS = new RedisScript(`
local found = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1)) do
  local values = redis.call('HMGET', ARGV[1] .. id, unpack(ARGV, 3))
  if values[1] then found[#found + 1] = { id, values } end
end
return found
`);

import type { Cluster, Redis } from 'ioredis';
import { RedisScript } from '../../state/redis-script.js';
import { BucketStore } from './bucket-store.js';
import { takeFrom, UNITS_PER_TOKEN, type BucketPolicy, type Take } from './token-bucket.js';

/**
 * One key per bucket, "level at" in the units of token-bucket.ts, refilled by Redis's own clock so that instances need
 * not agree on the time. The key dies when the bucket would be full: an absent bucket is a full one. Replicating
 * effects instead of the script (always so since Redis 7) is what makes TIME before a write lawful.
 */
const TAKE_SCRIPT = new RedisScript(`
local rate, capacity, unit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local level, at = capacity, now
local stored = redis.call('GET', KEYS[1])
if stored then
  local separator = string.find(stored, ' ', 1, true)
  level = tonumber(string.sub(stored, 1, separator - 1))
  at = tonumber(string.sub(stored, separator + 1))
end
if now > at then
  level = level + (now - at) * rate
  at = now
end
if level > capacity then level = capacity end
local allowed = 0
if level >= unit then
  level = level - unit
  allowed = 1
end
local ttl = math.max(1, math.ceil((capacity - level) / rate) + at - now)
redis.call('SET', KEYS[1], string.format('%.0f %.0f', level, at), 'PX', string.format('%.0f', ttl))
return { allowed, string.format('%.0f', level) }
`);

/** Buckets shared by all instances through Redis, standalone or Cluster: the script touches one key only. */
export class RedisBucketStore extends BucketStore {
  constructor(
    private readonly client: Redis | Cluster,
    private readonly prefix = 'genoflow:bucket:',
  ) {
    super();
  }

  override async take(key: string, policy: BucketPolicy): Promise<Take> {
    const reply = await TAKE_SCRIPT.run(
      this.client,
      [this.prefix + key],
      [policy.ratePerMinute, policy.burst * UNITS_PER_TOKEN, UNITS_PER_TOKEN],
    );
    const [allowed, level] = reply as [number, string];
    return takeFrom(allowed === 1, Number(level), policy);
  }
}

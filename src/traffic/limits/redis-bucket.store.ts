import { RedisScript } from '../../state/redis-script.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { BucketStore, type Draw } from './bucket-store.js';
import { takeFrom, UNITS_PER_TOKEN, type BucketPolicy, type Take } from './token-bucket.js';

/**
 * One key per bucket, "level at" in the units of token-bucket.ts, refilled by Redis's own clock so that instances need
 * not agree on the time; a clock set back refills nothing. The key dies when the bucket would be full: an absent bucket
 * is a full one, and so is whatever else lies under its key, which is then written over. Replicating effects instead of
 * the script (always so since Redis 7) is what makes TIME before a write lawful.
 *
 * KEYS buckets. ARGV unit, then rate and capacity of each. Replies 1 if a token was taken from each, then their levels.
 */
const TAKE_SCRIPT = new RedisScript(`
local unit = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function level_of(key, rate, capacity)
  local stored = redis.pcall('GETRANGE', key, 0, 63)
  if type(stored) ~= 'string' then return capacity end
  local level, at = string.match(stored, '^(%d+) (%d+)$')
  if not level then return capacity end
  level, at = tonumber(level), tonumber(at)
  if now > at then level = level + (now - at) * rate end
  return math.min(level, capacity)
end
local levels, open = {}, 1
for index, key in ipairs(KEYS) do
  levels[index] = level_of(key, tonumber(ARGV[2 * index]), tonumber(ARGV[2 * index + 1]))
  if levels[index] < unit then open = 0 end
end
local reply = { open }
for index, key in ipairs(KEYS) do
  local rate, capacity = tonumber(ARGV[2 * index]), tonumber(ARGV[2 * index + 1])
  local level = levels[index] - open * unit
  local ttl = math.max(1, math.ceil((capacity - level) / rate))
  redis.call('SET', key, string.format('%.0f %.0f', level, now), 'PX', string.format('%.0f', ttl))
  reply[index + 1] = string.format('%.0f', level)
end
return reply
`);

/** Buckets shared by all instances through Redis, standalone or Cluster. Rejects when Redis does not answer. */
export class RedisBucketStore extends BucketStore {
  constructor(
    private readonly redis: Pick<SharedRedis, 'ask'>,
    private readonly prefix = 'genoflow:bucket:',
  ) {
    super();
  }

  override async take(key: string, policy: BucketPolicy): Promise<Take> {
    const [take] = await this.takeAll([{ key, policy }]);
    return take as Take;
  }

  override async takeAll(draws: readonly Draw[]): Promise<readonly Take[]> {
    const keys = draws.map(({ key }) => this.prefix + key);
    const values = [UNITS_PER_TOKEN];
    for (const { policy } of draws) values.push(policy.ratePerMinute, policy.burst * UNITS_PER_TOKEN);
    return readTakes(await this.redis.ask((client) => TAKE_SCRIPT.run(client, keys, values)), draws);
  }
}

const LEVEL = /^\d{1,15}$/;

/** Throws on a reply that our script does not give. */
function readTakes(reply: unknown, draws: readonly Draw[]): readonly Take[] {
  const [open, ...levels] = Array.isArray(reply) ? (reply as unknown[]) : [];
  if (open !== 0 && open !== 1) throw new Error('the bucket script said neither yes nor no');
  return draws.map(({ policy }, index) => {
    const text = levels[index];
    if (typeof text !== 'string' || !LEVEL.test(text)) throw new Error('the bucket script gave no level');
    const level = Number(text);
    return takeFrom(open === 1 || level >= UNITS_PER_TOKEN, level, policy);
  });
}

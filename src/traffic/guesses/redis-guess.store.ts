import { RedisScript } from '../../state/redis-script.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { GuessStore, UNDECIDED_MS, type Admission, type GuessPolicy, type Verdict } from './guess-store.js';

/*
 * One sorted set for each key: members "open:<id>" and "wrong:<id>" by the time they were counted, which is Redis's own.
 * It dies a window after its last guess.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function is_undecided(member, at, undecided)
  return string.sub(member, 1, 5) == 'open:' and tonumber(at) > now - undecided
end
`;

/**
 * KEYS guesses. ARGV id, most, windowMs, undecidedMs. Replies [1] for admitted, [2] for wait, [0, milliseconds until the
 * oldest does not count any more]. What is of another type is no count of ours; an id that is there asks again.
 */
const BEGIN = new RedisScript(`${NOW}
local key, id, most, window, undecided = KEYS[1], 'open:' .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('TYPE', key).ok ~= 'zset' then redis.call('DEL', key) end
redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - window))
if redis.call('ZSCORE', key, id) then return { 1 } end
local guesses = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
if #guesses / 2 < most then
  redis.call('ZADD', key, string.format('%.0f', now), id)
  redis.call('PEXPIRE', key, window)
  return { 1 }
end
for index = 1, #guesses, 2 do
  if is_undecided(guesses[index], guesses[index + 1], undecided) then return { 2 } end
end
return { 0, tonumber(guesses[2]) + window - now }
`);

/** KEYS guesses. ARGV id, verdict, undecidedMs. A set that falls empty on the way would lose its time to live. */
const DECIDE = new RedisScript(`${NOW}
local key, id, verdict, undecided = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local at = redis.call('ZSCORE', key, 'open:' .. id)
if not at then return 0 end
if verdict == 'wrong' then redis.call('ZADD', key, at, 'wrong:' .. id) end
redis.call('ZREM', key, 'open:' .. id)
if verdict == 'right' then
  local guesses = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for index = 1, #guesses, 2 do
    if not is_undecided(guesses[index], guesses[index + 1], undecided) then redis.call('ZREM', key, guesses[index]) end
  end
end
return 1
`);

const KINDS = { 1: 'admitted', 2: 'wait' } as const;

/** Guesses at all instances together, standalone or Cluster. */
export class RedisGuessStore extends GuessStore {
  constructor(
    private readonly redis: Pick<SharedRedis, 'ask'>,
    private readonly prefix = 'genoflow:guesses:',
  ) {
    super();
  }

  override async begin(key: string, id: string, { most, windowMs }: GuessPolicy): Promise<Admission> {
    const values = [id, most, windowMs, UNDECIDED_MS];
    const reply = await this.redis.ask((client) => BEGIN.run(client, [this.prefix + key], values));
    return readAdmission(reply, windowMs);
  }

  override async decide(key: string, id: string, verdict: Verdict): Promise<void> {
    const values = [id, verdict, UNDECIDED_MS];
    await this.redis.ask((client) => DECIDE.run(client, [this.prefix + key], values));
  }
}

/** Throws on a reply that our script does not give. */
function readAdmission(reply: unknown, windowMs: number): Admission {
  const [word, leftMs] = Array.isArray(reply) ? (reply as unknown[]) : [];
  if (word === 1 || word === 2) return { kind: KINDS[word] };
  if (word !== 0 || typeof leftMs !== 'number')
    throw new Error('the script of guesses did not say what becomes of one');
  return { kind: 'refused', retryAfterMs: Math.min(Math.max(leftMs, 1), windowMs) };
}

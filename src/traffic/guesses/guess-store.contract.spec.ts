import { ManualClock } from '../../../test/support/manual-clock.js';
import { openRedis } from '../../../test/support/open-redis.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../../test/support/private-redis.js';
import type { RedisConnection } from '../../state/redis-connection.js';
import { UNDECIDED_MS, type GuessStore } from './guess-store.js';
import { MemoryGuessStore } from './memory-guess.store.js';
import { RedisGuessStore } from './redis-guess.store.js';

const POLICY = { most: 3, windowMs: 60_000 };
const PREFIX = 'genoflow:guesses:';

interface Place {
  readonly store: GuessStore;
  /** Makes the guesses of a key older. */
  readonly age: (key: string, ms: number) => Promise<void>;
}

let keys = 0;
const newKey = (): string => `{account:${++keys}}`;

function contract(open: () => Place): void {
  const begin = (key: string, ...ids: string[]) =>
    Promise.all(ids.map(async (id) => (await open().store.begin(key, id, POLICY)).kind));

  it('admits as many as it may and has the next wait while one of them is undecided', async () => {
    const key = newKey();
    expect(await begin(key, 'a', 'b', 'c', 'd')).toEqual(['admitted', 'admitted', 'admitted', 'wait']);
    await open().store.decide(key, 'a', 'wrong');
    await open().store.decide(key, 'b', 'wrong');
    expect(await begin(key, 'd')).toEqual(['wait']);
    expect(await begin(newKey(), 'd')).toEqual(['admitted']);
  });

  it('refuses when all were wrong, and says when the oldest does not count any more', async () => {
    const [key, { store, age }] = [newKey(), open()];
    await begin(key, 'a');
    await age(key, 20_000);
    await begin(key, 'b', 'c');
    for (const id of ['a', 'b', 'c']) await store.decide(key, id, 'wrong');
    const refused = await store.begin(key, 'd', POLICY);
    if (refused.kind !== 'refused') throw new Error(refused.kind);
    expect(refused.retryAfterMs).toBeGreaterThan(30_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(40_000);
    await age(key, refused.retryAfterMs);
    expect(await begin(key, 'd', 'e')).toEqual(['admitted', 'wait']);
  });

  it('forgets all wrong ones before a right one, and none that is still being checked', async () => {
    const [key, { store }] = [newKey(), open()];
    await begin(key, 'a', 'b', 'c');
    await store.decide(key, 'a', 'wrong');
    await store.decide(key, 'b', 'right');
    expect(await begin(key, 'd', 'e', 'f')).toEqual(['admitted', 'admitted', 'wait']);
  });

  it('does not count what is withdrawn, and keeps the wrong ones', async () => {
    const [key, { store }] = [newKey(), open()];
    await begin(key, 'a', 'b', 'c');
    await store.decide(key, 'a', 'wrong');
    await store.decide(key, 'b', 'withdrawn');
    expect(await begin(key, 'd', 'e')).toEqual(['admitted', 'wait']);
  });

  it('takes one that was never decided for a wrong one', async () => {
    const [key, { store, age }] = [newKey(), open()];
    await begin(key, 'a', 'b', 'c');
    await age(key, UNDECIDED_MS);
    expect(await begin(key, 'd')).toEqual(['refused']);
    await store.decide(key, 'a', 'right');
    expect(await begin(key, 'd', 'e', 'f', 'g')).toEqual(['admitted', 'admitted', 'admitted', 'wait']);
  });

  it('decides nothing twice, and nothing that it does not know', async () => {
    const [key, { store }] = [newKey(), open()];
    await begin(key, 'a');
    await store.decide(key, 'a', 'wrong');
    await store.decide(key, 'a', 'right');
    await store.decide(key, 'z', 'right');
    expect(await begin(key, 'b', 'c', 'd')).toEqual(['admitted', 'admitted', 'wait']);
  });

  it('admits exactly as many as it may of those that come at once', async () => {
    const key = newKey();
    const kinds = await begin(key, ...Array.from({ length: 60 }, (_, index) => `${index}`));
    expect(kinds.filter((kind) => kind === 'admitted')).toHaveLength(POLICY.most);
  });
}

describe('MemoryGuessStore', () => {
  const clock = new ManualClock();
  const store = new MemoryGuessStore(clock);
  contract(() => ({
    store,
    age: (_, ms) => {
      clock.advance(ms);
      return Promise.resolve();
    },
  }));

  it('holds no more keys than it may', async () => {
    const small = new MemoryGuessStore(clock, 2);
    for (const key of ['x', 'y', 'z']) for (const id of ['a', 'b', 'c']) await small.begin(key, id, POLICY);
    expect((await small.begin('z', 'd', POLICY)).kind).toBe('wait');
    expect((await small.begin('x', 'd', POLICY)).kind).toBe('admitted');
  });
});

(hasRedisServer('guesses in a real Redis') ? describe : describe.skip)('RedisGuessStore', () => {
  let server: PrivateRedis;
  let redis: RedisConnection;
  beforeAll(async () => {
    server = await startPrivateRedis();
    redis = await openRedis(server.url);
  });
  afterAll(async () => {
    redis.onApplicationShutdown();
    await server.close();
  });

  contract(() => ({
    store: new RedisGuessStore(redis),
    age: async (key, ms) => {
      for (const member of await redis.client.zrange(PREFIX + key, 0, -1))
        await redis.client.zincrby(PREFIX + key, -ms, member);
    },
  }));

  it('keeps no key for longer than its window', async () => {
    const key = newKey();
    const store = new RedisGuessStore(redis);
    await store.begin(key, 'a', POLICY);
    await store.decide(key, 'a', 'wrong');
    const left = await redis.client.pttl(PREFIX + key);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(POLICY.windowMs);
    await store.begin(key, 'b', POLICY);
    await store.decide(key, 'b', 'right');
    expect(await redis.client.exists(PREFIX + key)).toBe(0);
  });

  it('is admitted once by a client that asks again because its connection was lost', async () => {
    const [key, store] = [newKey(), new RedisGuessStore(redis)];
    for (let time = 0; time < 5; time += 1) expect((await store.begin(key, 'a', POLICY)).kind).toBe('admitted');
    expect(await redis.client.zcard(PREFIX + key)).toBe(1);
  });

  it.each([
    ['a word', (key: string) => redis.client.set(key, 'x')],
    ['members of another form', (key: string) => redis.client.zadd(key, Date.now(), 'x', Date.now(), 'y')],
    ['times that are none', (key: string) => redis.client.zadd(key, 'inf', 'open:x', '-inf', 'wrong:y')],
  ])('counts on over %s', async (_, spoil) => {
    const [key, store] = [newKey(), new RedisGuessStore(redis)];
    await spoil(PREFIX + key);
    const kinds = [];
    for (let index = 0; index < 5; index += 1) {
      const { kind } = await store.begin(key, `${index}`, POLICY);
      if (kind === 'admitted') await store.decide(key, `${index}`, 'wrong');
      kinds.push(kind);
    }
    expect(kinds.at(-1)).not.toBe('admitted');
  });
});

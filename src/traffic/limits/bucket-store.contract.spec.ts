import { ManualClock } from '../../../test/support/manual-clock.js';
import { openRedis } from '../../../test/support/open-redis.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../../test/support/private-redis.js';
import { until } from '../../../test/support/until.js';
import type { RedisConnection } from '../../state/redis-connection.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import type { BucketStore, Draw } from './bucket-store.js';
import { MemoryBucketStore } from './memory-bucket.store.js';
import { RedisBucketStore } from './redis-bucket.store.js';
import { SharedBucketStore } from './shared-bucket.store.js';
import type { Take } from './token-bucket.js';

const SLOW = { ratePerMinute: 1, burst: 5 };

async function tell(store: BucketStore, draws: readonly Draw[], times: number): Promise<(readonly Take[])[]> {
  const told = [];
  for (let time = 0; time < times; time += 1) told.push(await store.takeAll(draws));
  return told;
}

function contract(open: () => BucketStore): void {
  it('lets a burst through and then refuses, telling what is left and when', async () => {
    const store = open();
    const takes = [];
    for (let index = 0; index < 6; index += 1) takes.push(await store.take('burst', SLOW));
    expect(takes.map(({ allowed }) => allowed)).toEqual([true, true, true, true, true, false]);
    expect(takes.map(({ remaining }) => remaining)).toEqual([4, 3, 2, 1, 0, 0]);
    expect(takes[0]).toMatchObject({ limit: 5, retryAfterSeconds: 0, resetSeconds: 60 });
    expect(takes[5]?.retryAfterSeconds).toBeGreaterThan(58);
    expect(takes[5]?.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('counts keys apart', async () => {
    const store = open();
    for (let index = 0; index < 6; index += 1) await store.take('first', SLOW);
    expect(await store.take('second', SLOW)).toMatchObject({ allowed: true, remaining: 4 });
  });

  it('lets exactly the burst through when all ask at once', async () => {
    const store = open();
    const takes = await Promise.all(
      Array.from({ length: 300 }, async () => store.take('crowd', { ratePerMinute: 1, burst: 200 })),
    );
    expect(takes.filter(({ allowed }) => allowed)).toHaveLength(200);
  });

  it('takes one of each of several buckets, or of none', async () => {
    const store = open();
    const draws = [
      { key: '{u}wide', policy: { ratePerMinute: 1, burst: 9 } },
      { key: '{u}narrow', policy: { ratePerMinute: 1, burst: 2 } },
    ];
    const told = (await tell(store, draws, 4)).map((takes) =>
      takes.map(({ allowed, remaining }) => [allowed, remaining]),
    );
    expect(told).toEqual([
      [
        [true, 8],
        [true, 1],
      ],
      [
        [true, 7],
        [true, 0],
      ],
      [
        [true, 7],
        [false, 0],
      ],
      [
        [true, 7],
        [false, 0],
      ],
    ]);
    expect(await store.take('{u}wide', { ratePerMinute: 1, burst: 9 })).toMatchObject({ remaining: 6 });
  });

  it('holds a bucket to a smaller burst from the moment the policy says so', async () => {
    const store = open();
    await store.take('shrunk', { ratePerMinute: 1, burst: 100 });
    expect(await store.take('shrunk', SLOW)).toMatchObject({ allowed: true, remaining: 4 });
  });
}

describe('buckets in memory', () => {
  contract(() => new MemoryBucketStore(new ManualClock()));
});

const withRedis = hasRedisServer('the limiter over Redis') ? describe : describe.skip;

withRedis('buckets in Redis', () => {
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
  beforeEach(() => redis.client.flushall());

  contract(() => new RedisBucketStore(redis));

  it('leaves no key without an end', async () => {
    await new RedisBucketStore(redis, 'b:').take('a', SLOW);
    const left = await redis.client.pttl('b:a');
    expect(left).toBeGreaterThan(59_000);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  it('refills by the time that Redis keeps', async () => {
    const store = new RedisBucketStore(redis);
    const quick = { ratePerMinute: 6_000, burst: 1 };
    expect((await store.take('quick', quick)).allowed).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 25));
    expect((await store.take('quick', quick)).allowed).toBe(true);
  });

  it('writes over whatever else lies under the key of a bucket', async () => {
    const store = new RedisBucketStore(redis, 'b:');
    const { client } = redis;
    const spoilers: (() => Promise<unknown>)[] = [
      () => client.set('b:a', 'garbage'),
      () => client.set('b:a', '-5 9'),
      () => client.set('b:a', '0 99999999999999999999'),
      () => client.set('b:a', '1e9 1'),
      () => client.set('b:a', 'x'.repeat(1_000_000)),
      () => client.hset('b:a', 'level', '0'),
      () => client.lpush('b:a', '0'),
    ];
    for (const spoil of spoilers) {
      await client.del('b:a');
      await spoil();
      expect((await store.take('a', SLOW)).limit).toBe(5);
      expect(await client.type('b:a')).toBe('string');
      expect(await client.pttl('b:a')).toBeLessThanOrEqual(300_000);
    }
  });

  it('locks nobody out when the clock of Redis is set back', async () => {
    const inAnHour = Date.now() + 3_600_000;
    await redis.client.set('b:a', `${2 * 60_000} ${inAnHour}`);
    const store = new RedisBucketStore(redis, 'b:');
    expect(await store.take('a', SLOW)).toMatchObject({ allowed: true, remaining: 1 });
    const [, at] = ((await redis.client.get('b:a')) ?? '').split(' ');
    expect(Number(at)).toBeLessThan(inAnHour - 3_000_000);
  });

  it('falls back to a bucket of its own when Redis is gone, and shares again when it is back', async () => {
    const store = new SharedBucketStore(redis, new ManualClock());
    await store.take('a', SLOW);
    await server.kill();
    for (let index = 0; index < 5; index += 1) expect((await store.take('a', SLOW)).allowed).toBe(true);
    expect((await store.take('a', SLOW)).allowed).toBe(false);
    await server.start();
    await until(() => redis.available);
    expect(await store.take('a', SLOW)).toMatchObject({ allowed: true, remaining: 4 });
  });
});

describe('the shared store', () => {
  it('takes from a bucket of its own when Redis fails on the way', async () => {
    const failing = {
      client: {},
      available: true,
      ask: () => Promise.reject(new Error('no')),
    } as unknown as SharedRedis;
    const store = new SharedBucketStore(failing, new ManualClock());
    expect(await store.take('a', SLOW)).toMatchObject({ allowed: true, remaining: 4 });
    expect(await store.takeAll([{ key: 'a', policy: SLOW }])).toMatchObject([{ allowed: true, remaining: 3 }]);
  });

  it('answers without a promise where there is no Redis', () => {
    const redis = { client: undefined, available: true } as SharedRedis;
    expect(new SharedBucketStore(redis, new ManualClock()).take('a', SLOW)).toMatchObject({ allowed: true });
  });
});

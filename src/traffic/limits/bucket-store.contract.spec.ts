import { Redis } from 'ioredis';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../../test/support/private-redis.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import type { BucketStore } from './bucket-store.js';
import { MemoryBucketStore } from './memory-bucket.store.js';
import { RedisBucketStore } from './redis-bucket.store.js';
import { SharedBucketStore } from './shared-bucket.store.js';

const SLOW = { ratePerMinute: 1, burst: 5 };

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
  let client: Redis;
  beforeAll(async () => {
    server = await startPrivateRedis();
    client = new Redis(server.url, { commandTimeout: 300, enableOfflineQueue: false, retryStrategy: () => 50 });
    client.on('error', () => undefined);
    await new Promise((resolve) => client.once('ready', resolve));
  });
  afterAll(async () => {
    client.disconnect();
    await server.close();
  });
  beforeEach(() => client.flushall());

  contract(() => new RedisBucketStore(client));

  it('leaves no key without an end', async () => {
    await new RedisBucketStore(client, 'b:').take('a', SLOW);
    const left = await client.pttl('b:a');
    expect(left).toBeGreaterThan(59_000);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  it('refills by the time that Redis keeps', async () => {
    const store = new RedisBucketStore(client);
    const quick = { ratePerMinute: 6_000, burst: 1 };
    expect((await store.take('quick', quick)).allowed).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 25));
    expect((await store.take('quick', quick)).allowed).toBe(true);
  });

  it('falls back to a bucket of its own when Redis is gone, and shares again when it is back', async () => {
    const clock = new ManualClock();
    const redis = { client, available: true, follow: () => () => undefined } as unknown as SharedRedis;
    const store = new SharedBucketStore(redis, clock);
    await store.take('a', SLOW);
    await server.kill();
    for (let index = 0; index < 5; index += 1) expect((await store.take('a', SLOW)).allowed).toBe(true);
    expect((await store.take('a', SLOW)).allowed).toBe(false);
    await server.start();
    await new Promise((resolve) => client.once('ready', resolve));
    // Redis is asked again only when the pause is over.
    expect(store.take('a', SLOW)).toMatchObject({ allowed: false });
    clock.advance(1_001);
    expect(await store.take('a', SLOW)).toMatchObject({ allowed: true, remaining: 4 });
  });
});

describe('the shared store', () => {
  it('answers without a promise where there is no Redis', () => {
    const redis = { client: undefined, available: true } as SharedRedis;
    expect(new SharedBucketStore(redis, new ManualClock()).take('a', SLOW)).toMatchObject({ allowed: true });
  });
});

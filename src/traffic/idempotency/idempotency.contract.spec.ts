import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { openRedis } from '../../../test/support/open-redis.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../../test/support/private-redis.js';
import { until, untilAsync } from '../../../test/support/until.js';
import type { RedisConnection } from '../../state/redis-connection.js';
import { AnswerSeal } from '../recording/answer-seal.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { IdempotencyRecords, type IdempotentRequest } from './idempotency-records.js';
import type { DoneEntry, IdempotencyStore, RunningEntry } from './idempotency.store.js';
import { IdempotencyStoreFull, MemoryIdempotencyStore } from './memory-idempotency.store.js';
import { RedisIdempotencyStore } from './redis-idempotency.store.js';

const REQUEST: IdempotentRequest = {
  key: 'key-1',
  userId: 'usr_1',
  method: 'POST',
  route: '/api/v1/execution/jobs',
  target: '/api/v1/execution/jobs',
  body: Buffer.from('{"sample_id":"S-1"}'),
};
const ANSWER = {
  status: 201,
  fields: ['content-type', 'application/json'],
  body: Buffer.from([0x7b, 0xff, 0x0a, 0x7d]),
};
const LIFETIMES = { answerTtlMs: 60_000, runningTtlMs: 10_000 };

async function started(records: IdempotencyRecords, request = REQUEST) {
  const begun = await records.begin(request);
  if (begun.kind !== 'started') throw new Error('an answer was there already');
  return begun.claim;
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error as GatewayError).code,
  );

function contract(open: () => IdempotencyStore): void {
  it('gives the first answer again, byte for byte', async () => {
    const records = new IdempotencyRecords(open(), LIFETIMES);
    await (await started(records)).complete(ANSWER);
    const again = await records.begin(REQUEST);
    expect(again).toEqual({ kind: 'replay', answer: ANSWER });
  });

  it('refuses a second one while the first is running, and one of many at once wins', async () => {
    const records = new IdempotencyRecords(open(), LIFETIMES);
    const results = await Promise.all(Array.from({ length: 20 }, () => codeOf(records.begin(REQUEST))));
    expect(results.filter((result) => result === 'no error')).toHaveLength(1);
    expect(results.filter((result) => result === 'idempotency_in_progress')).toHaveLength(19);
  });

  it.each([
    ['body', { body: Buffer.from('{"sample_id":"S-2"}') }],
    ['query', { target: '/api/v1/execution/jobs?x=1' }],
  ])('refuses the key with another %s, running or done', async (_, other) => {
    const records = new IdempotencyRecords(open(), LIFETIMES);
    const claim = await started(records);
    expect(await codeOf(records.begin({ ...REQUEST, ...other }))).toBe('idempotency_key_reused');
    await claim.complete(ANSWER);
    expect(await codeOf(records.begin({ ...REQUEST, ...other }))).toBe('idempotency_key_reused');
  });

  it.each([
    ['user', { userId: 'usr_2' }],
    ['route', { route: '/api/v1/qc/analyze', target: '/api/v1/qc/analyze' }],
  ])('takes the same key of another %s for another key', async (_, other) => {
    const records = new IdempotencyRecords(open(), LIFETIMES);
    await (await started(records)).complete(ANSWER);
    expect((await records.begin({ ...REQUEST, ...other })).kind).toBe('started');
  });

  it.each([500, 503, 429, 401, 409])('frees the key after an answer that settles nothing: %i', async (status) => {
    const records = new IdempotencyRecords(open(), LIFETIMES);
    await (await started(records)).complete({ ...ANSWER, status });
    expect((await records.begin(REQUEST)).kind).toBe('started');
  });

  it('frees the key when it is released, once and for all', async () => {
    const records = new IdempotencyRecords(open(), LIFETIMES);
    const claim = await started(records);
    await claim.release();
    const second = await started(records);
    await claim.complete(ANSWER);
    await claim.release();
    expect(await codeOf(records.begin(REQUEST))).toBe('idempotency_in_progress');
    await second.complete(ANSWER);
    expect((await records.begin(REQUEST)).kind).toBe('replay');
  });

  it('lets no claim but the owner finish or free an entry', async () => {
    const store = open();
    const mine: RunningEntry = { state: 'running', fingerprint: 'f', owner: 'me' };
    const theirs: RunningEntry = { ...mine, owner: 'them' };
    const done: DoneEntry = { state: 'done', fingerprint: 'f', answer: ANSWER };
    expect(await store.claim('k', mine, 10_000)).toBeUndefined();
    await store.finish('k', theirs, done, 10_000);
    await store.release('k', theirs);
    await store.renew('k', theirs, 10_000);
    expect(await store.claim('k', theirs, 10_000)).toEqual(mine);
  });

  it.each(['', 'two words', 'ä', 'x'.repeat(256)])(
    'refuses a key that is not 1 to 255 visible characters: %p',
    async (key) => {
      const records = new IdempotencyRecords(open(), LIFETIMES);
      expect(await codeOf(records.begin({ ...REQUEST, key }))).toBe('invalid_idempotency_key');
    },
  );
}

describe('idempotency records in memory', () => {
  contract(() => new MemoryIdempotencyStore(new ManualClock()));

  it('forget an answer after its time, and a request that never ended after its own', async () => {
    const clock = new ManualClock();
    const records = new IdempotencyRecords(new MemoryIdempotencyStore(clock), LIFETIMES);
    await (await started(records)).complete(ANSWER);
    clock.advance(LIFETIMES.answerTtlMs - 1);
    expect((await records.begin(REQUEST)).kind).toBe('replay');
    clock.advance(1);
    const abandoned = await started(records);
    clock.advance(LIFETIMES.runningTtlMs);
    await started(records);
    await abandoned.complete(ANSWER);
    expect(await codeOf(records.begin(REQUEST))).toBe('idempotency_in_progress');
  });

  it('stay taken for as long as streamed work goes on', async () => {
    jest.useFakeTimers();
    const clock = new ManualClock();
    const records = new IdempotencyRecords(new MemoryIdempotencyStore(clock), LIFETIMES);
    const upload = { ...REQUEST, target: `/upload?checksum=sha256:${'a'.repeat(64)}`, body: 'streamed' } as const;
    const claim = await started(records, upload);
    for (let turn = 0; turn < 20; turn += 1) {
      clock.advance(LIFETIMES.runningTtlMs / 2);
      jest.advanceTimersByTime(LIFETIMES.runningTtlMs / 2);
    }
    expect(await codeOf(records.begin(upload))).toBe('idempotency_in_progress');
    await claim.release();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
    expect((await records.begin(upload)).kind).toBe('started');
  });

  it('stay within their bounds whatever is done, and never give up a running request', () => {
    const action = fc.record({
      key: fc.integer({ min: 0, max: 30 }),
      act: fc.constantFrom('claim', 'finish', 'release', 'wait'),
      bytes: fc.integer({ min: 0, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const clock = new ManualClock();
        const store = new MemoryIdempotencyStore(clock, { maxEntries: 8, maxBytes: 200 });
        const running = new Map<string, RunningEntry>();
        actions.forEach(({ key: number, act, bytes }, turn) => {
          const key = `k${number}`;
          const mine = running.get(key);
          if (act === 'wait') clock.advance(bytes);
          else if (act === 'claim') claim(store, key, `o${turn}`, running);
          else if (mine !== undefined) {
            const answer = { status: 200, fields: [], body: Buffer.alloc(bytes) };
            if (act === 'finish') store.finish(key, mine, { state: 'done', fingerprint: 'f', answer }, 1_000);
            else store.release(key, mine);
            running.delete(key);
          }
          expect(store.size).toBeLessThanOrEqual(8);
          expect(store.bytes).toBeGreaterThanOrEqual(0);
          expect(store.bytes).toBeLessThanOrEqual(200);
        });
        for (const [key, entry] of running)
          expect(store.claim(key, { ...entry, owner: 'late' }, 1_000_000)).toEqual(entry);
      }),
    );
  });
});

function claim(store: MemoryIdempotencyStore, key: string, owner: string, running: Map<string, RunningEntry>): void {
  const entry: RunningEntry = { state: 'running', fingerprint: 'f', owner };
  try {
    if (store.claim(key, entry, 1_000_000) === undefined) running.set(key, entry);
  } catch (error) {
    expect(error).toBeInstanceOf(IdempotencyStoreFull);
    expect(running.size).toBe(8);
  }
}

const withRedis = hasRedisServer('idempotency over Redis') ? describe : describe.skip;

withRedis('idempotency records in Redis', () => {
  let server: PrivateRedis;
  let redis: RedisConnection;
  const seal = new AnswerSeal('a secret for tests only, 32 characters', 'tests');
  beforeAll(async () => {
    server = await startPrivateRedis();
    redis = await openRedis(server.url);
  });
  afterAll(async () => {
    redis.onApplicationShutdown();
    await server.close();
  });
  beforeEach(() => redis.client.flushall());

  contract(() => new RedisIdempotencyStore(redis, seal));

  it('give a running request more time when it asks for it', async () => {
    const store = new RedisIdempotencyStore(redis, seal);
    const { client } = redis;
    const mine: RunningEntry = { state: 'running', fingerprint: 'f', owner: 'me' };
    await store.claim('k', mine, 1_000);
    await store.renew('k', mine, 60_000);
    const [key = ''] = await client.keys('*');
    expect(await client.pttl(key)).toBeGreaterThan(10_000);
  });

  it('keep no answer that can be read or moved there, and no key without an end', async () => {
    const records = new IdempotencyRecords(new RedisIdempotencyStore(redis, seal), LIFETIMES);
    const { client } = redis;
    const body = Buffer.from('{"url":"/results/download/a-signed-token"}');
    await (await started(records)).complete({ ...ANSWER, body });
    const [key = ''] = await client.keys('*');
    const stored = (await client.get(key)) ?? '';
    expect(stored).not.toContain('a-signed-token');
    expect(Buffer.from(stored.split(' ')[2] ?? '', 'base64').toString('latin1')).not.toContain('a-signed-token');
    expect(await client.pttl(key)).toBeGreaterThan(0);
    await started(records, { ...REQUEST, key: 'key-2' });
    const other = (await client.keys('*')).find((name) => name !== key) ?? '';
    await client.set(other, stored);
    expect(await codeOf(records.begin({ ...REQUEST, key: 'key-2' }))).toBe('state_unavailable');
  });

  it.each(['garbage', '', 'running', 'done', 'done f', 'done f AAAA', 'x'.repeat(3_000_000)])(
    'are not believed where Redis holds what no gateway wrote: %.20s',
    async (text) => {
      const records = new IdempotencyRecords(new RedisIdempotencyStore(redis, seal), LIFETIMES);
      await started(records);
      const [key = ''] = await redis.client.keys('*');
      await redis.client.set(key, text);
      expect(['state_unavailable', 'idempotency_key_reused']).toContain(await codeOf(records.begin(REQUEST)));
    },
  );

  it('are not believed where Redis holds another type', async () => {
    const records = new IdempotencyRecords(new RedisIdempotencyStore(redis, seal), LIFETIMES);
    await started(records);
    const [key = ''] = await redis.client.keys('*');
    await redis.client.del(key);
    await redis.client.lpush(key, 'x');
    expect(await codeOf(records.begin(REQUEST))).toBe('state_unavailable');
  });

  it('know a claim of their own that is asked again because a connection was lost', async () => {
    const store = new RedisIdempotencyStore(redis, seal);
    const mine: RunningEntry = { state: 'running', fingerprint: 'f', owner: 'me' };
    expect([await store.claim('k', mine, 10_000), await store.claim('k', mine, 10_000)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('free a key that a frozen Redis claimed after all when it thawed', async () => {
    const records = new IdempotencyRecords(new RedisIdempotencyStore(redis, seal), LIFETIMES);
    server.freeze();
    expect(await codeOf(records.begin(REQUEST))).toBe('state_unavailable');
    server.thaw();
    await untilAsync(async () => (await codeOf(records.begin(REQUEST))) === 'no error');
  });

  it('keep an answer later that Redis could not take', async () => {
    const store = new RedisIdempotencyStore(redis, seal, 'i:');
    const mine: RunningEntry = { state: 'running', fingerprint: 'f', owner: 'me' };
    const done: DoneEntry = { state: 'done', fingerprint: 'f', answer: ANSWER };
    await store.claim('k', mine, 10_000);
    const running = (await redis.client.get('i:k')) ?? '';
    await server.kill();
    await until(() => !redis.available);
    await expect(store.finish('k', mine, done, 10_000)).rejects.toThrow();
    await server.start();
    await until(() => redis.available);
    // As a server that keeps its data on disk would have it.
    await redis.client.set('i:k', running, 'PX', 10_000);
    await untilAsync(async () => (await store.claim('k', { ...mine, owner: 'them' }, 10_000))?.state === 'done');
    expect(await store.claim('k', mine, 10_000)).toEqual(done);
    store.close();
  });

  it('refuse with state_unavailable while Redis is gone, since the work could be done twice', async () => {
    const records = new IdempotencyRecords(new RedisIdempotencyStore(redis, seal), LIFETIMES);
    await server.kill();
    expect(await codeOf(records.begin(REQUEST))).toBe('state_unavailable');
    await server.start();
    await until(() => redis.available);
    expect((await records.begin(REQUEST)).kind).toBe('started');
  });
});

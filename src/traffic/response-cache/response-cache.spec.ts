import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { defer, lastValueFrom } from 'rxjs';
import { buildExchange } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { openRedis } from '../../../test/support/open-redis.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../../test/support/private-redis.js';
import { until, untilAsync } from '../../../test/support/until.js';
import { cacheLookedUp, type CacheLookedUp } from '../../kernel/events.js';
import { ANSWERED, type Exchange } from '../../kernel/exchange.js';
import type { RedisConnection } from '../../state/redis-connection.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { AnswerStore, openAnswerStore, type KeptAnswer } from './answer-store.js';
import { keepForMs, mayBeKept } from './cache-rules.js';
import { ResponseCacheInterceptor } from './response-cache.interceptor.js';
import { ResponseCache } from './response-cache.js';

const JSON_FIELDS = ['Content-Type', 'application/json; charset=utf-8', 'Date', 'x'];

interface Sent {
  status?: number;
  fields: readonly string[];
  body: string;
}

async function get(
  cache: ResponseCache,
  changes: Partial<Exchange> = {},
  fields = JSON_FIELDS,
  originalUrl = '/pipelines',
) {
  const sent: Sent = { fields: [], body: '' };
  let asked = 0;
  const exchange: Exchange = {
    ...buildExchange(),
    route: '/pipelines',
    sink: {
      head: (status, list) => Object.assign(sent, { status, fields: list }),
      write: (chunk) => {
        sent.body += chunk.toString();
        return true;
      },
      onDrain: () => undefined,
      end: () => undefined,
      abort: () => undefined,
    },
    ...changes,
  };
  const context = {
    getClass: () => class PipelinesController {},
    getHandler: () => function list() {},
    switchToHttp: () => ({ getRequest: () => ({ exchange, originalUrl }) }),
  } as unknown as ExecutionContext;
  const next: CallHandler = {
    handle: () =>
      defer(() => {
        asked += 1;
        exchange.sink.head(200, fields);
        exchange.sink.write(Buffer.from('{"items":'));
        exchange.sink.write(Buffer.from('[]}'));
        exchange.sink.end();
        return Promise.resolve(ANSWERED);
      }),
  };
  const interceptor = new ResponseCacheInterceptor(cache, { isEnabled: () => true });
  expect(await lastValueFrom(await interceptor.intercept(context, next))).toBe(ANSWERED);
  return { ...sent, asked };
}

const SECRET = 'a secret for tests only, 32 characters';
const noRedis = { client: undefined, available: true } as unknown as SharedRedis;
const openCache = async (clock = new ManualClock(), ttlMs = 60_000) =>
  new ResponseCache(await openAnswerStore(noRedis, SECRET), clock, ttlMs);
const withRoles = (...roles: string[]): Partial<Exchange> => ({
  principal: { userId: 'usr_1', username: 'n', sessionId: 's', roles, projects: ['*'] },
});

describe('the response cache', () => {
  it('asks the service once and answers again with Age, counting both lookups', async () => {
    const clock = new ManualClock();
    const cache = await openCache(clock);
    const lookups: CacheLookedUp[] = [];
    const end = cacheLookedUp.subscribe((event) => lookups.push(event));
    const first = await get(cache);
    clock.advance(3_900);
    const second = await get(cache);
    end();
    expect([first.asked, second.asked]).toEqual([1, 0]);
    expect(second.body).toBe(first.body);
    expect(second.fields).toEqual(['Content-Type', 'application/json; charset=utf-8', 'Age', '3']);
    expect(lookups).toEqual([
      { operation: 'pipelines.list', hit: false },
      { operation: 'pipelines.list', hit: true },
    ]);
  });

  it('keeps answers apart by query and by roles, whatever order they come in', async () => {
    const cache = await openCache();
    await get(cache, withRoles('viewer', 'analyst'));
    expect((await get(cache, withRoles('analyst', 'viewer'))).asked).toBe(0);
    expect((await get(cache, withRoles('admin'))).asked).toBe(1);
    expect((await get(cache, withRoles('viewer', 'analyst'), JSON_FIELDS, '/pipelines?limit=1')).asked).toBe(1);
  });

  it.each([
    ['Cache-Control', 'private'],
    ['Cache-Control', 'no-store'],
    ['Cache-Control', 'max-age=0'],
    ['Set-Cookie', 'a=b'],
    ['Content-Encoding', 'gzip'],
    ['Vary', 'Accept-Encoding, Authorization'],
    ['Vary', '*'],
  ])('does not keep an answer with %s: %s', async (name, value) => {
    const cache = await openCache();
    await get(cache, {}, [...JSON_FIELDS, name, value]);
    expect((await get(cache)).asked).toBe(1);
  });

  it('keeps nothing but 200 and JSON', () => {
    expect(mayBeKept(200, JSON_FIELDS)).toBe(true);
    expect(mayBeKept(404, JSON_FIELDS)).toBe(false);
    expect(mayBeKept(200, ['content-type', 'text/html'])).toBe(false);
    expect(mayBeKept(200, ['content-type', 'application/problem+json'])).toBe(true);
  });

  it('keeps an answer no longer than the service says', () => {
    expect(keepForMs(['cache-control', 'public, max-age=2'], 60_000)).toBe(2_000);
    expect(keepForMs(['cache-control', 'max-age=3600'], 60_000)).toBe(60_000);
    expect(keepForMs([], 60_000)).toBe(60_000);
  });

  it.each([
    ['if-none-match', '"x"'],
    ['range', 'bytes=0-1'],
    ['cache-control', 'no-cache'],
  ])('stands aside for a request with %s', async (name, value) => {
    const cache = await openCache();
    await get(cache);
    expect((await get(cache, { requestHeaders: { [name]: value } })).asked).toBe(1);
  });

  it('is off at a time of 0', async () => {
    const cache = await openCache(new ManualClock(), 0);
    await get(cache);
    expect((await get(cache)).asked).toBe(1);
  });

  it('does not fail a request when its store fails', async () => {
    class Broken extends AnswerStore {
      override read(): Promise<KeptAnswer | undefined> {
        return Promise.reject(new Error('gone'));
      }
      override write(): Promise<void> {
        return Promise.reject(new Error('gone'));
      }
    }
    const cache = new ResponseCache(new Broken(), new ManualClock(), 60_000);
    expect((await get(cache)).body).toBe('{"items":[]}');
    expect((await get(cache)).body).toBe('{"items":[]}');
  });
});

const withRedis = hasRedisServer('the response cache over Redis') ? describe : describe.skip;

withRedis('the response cache over Redis', () => {
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

  const keptKey = async (): Promise<string> => {
    let keys: string[] = [];
    await until(() => {
      void redis.client.keys('genoflow:answer:*').then((found) => (keys = found));
      return keys.length === 1;
    });
    return keys[0] ?? '';
  };

  it('takes nothing from Redis but what a gateway put there for this question', async () => {
    const cache = new ResponseCache(await openAnswerStore(redis, SECRET), new ManualClock(), 60_000);
    await get(cache);
    const key = await keptKey();
    const { client } = redis;
    const kept = (await client.get(key)) ?? '';
    await get(cache, {}, JSON_FIELDS, '/pipelines?limit=1');
    const other = (await client.keys('genoflow:answer:*')).find((name) => name !== key) ?? '';
    const forged = JSON.stringify({ status: 200, fields: ['x-evil', 'a\r\nb: c'], body: 'evil', storedAt: 0 });
    const spoilers: (() => Promise<unknown>)[] = [
      () => client.set(key, forged),
      () => client.set(key, JSON.stringify(forged)),
      () => client.set(key, 'not even JSON'),
      () => client.set(key, '42'),
      () => client.set(key, JSON.stringify('A'.repeat(5_000_000))),
      () => client.set(key, kept.slice(0, -9) + 'AAAAAAAA"'),
      async () => client.set(key, (await client.get(other)) ?? ''),
      () => client.del(key).then(() => client.hset(key, 'a', 'b')),
    ];
    for (const spoil of spoilers) {
      await spoil();
      expect(await get(cache)).toMatchObject({ asked: 1, status: 200, body: '{"items":[]}' });
      await untilAsync(async () => (await get(cache)).asked === 0);
    }
    await client.flushall();
  });

  it('shares answers between instances, each with an end, and goes without when Redis is gone', async () => {
    const clock = new ManualClock();
    const one = new ResponseCache(await openAnswerStore(redis, SECRET), clock, 60_000);
    const two = new ResponseCache(await openAnswerStore(redis, SECRET), clock, 60_000);
    await get(one);
    expect(await redis.client.pttl(await keptKey())).toBeGreaterThan(0);
    const second = await get(two);
    expect(second).toMatchObject({ asked: 0, status: 200, body: '{"items":[]}' });
    await server.kill();
    expect((await get(two)).asked).toBe(1);
  });
});

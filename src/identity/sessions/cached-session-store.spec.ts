import { setTimeout as sleep } from 'node:timers/promises';
import { buildSession, TEST_LIFE, TEST_SEAL } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { openRedis } from '../../../test/support/open-redis.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../../test/support/private-redis.js';
import type { Principal } from '../../kernel/principal.js';
import type { RedisConnection } from '../../state/redis-connection.js';
import { SharedRedis, type ChannelFollower } from '../../state/shared-redis.js';
import { CachedSessionStore } from './cached-session-store.js';
import { MemorySessionStore } from './memory-session-store.js';
import { RedisSessionStore } from './redis-session-store.js';
import type { Session } from './session.js';
import { SessionRecord } from './session-record.js';

/** A shared store that counts questions and can be made to wait, so that the order of events is the test's. */
class ObservedStore extends MemorySessionStore {
  finds = 0;
  touches = 0;
  gate: Promise<void> = Promise.resolve();

  override async find(userId: string, sessionId: string): Promise<Session | undefined> {
    this.finds += 1;
    const found = await super.find(userId, sessionId);
    await this.gate;
    return found;
  }

  override touch(userId: string, sessionId: string): Promise<void> {
    this.touches += 1;
    return super.touch(userId, sessionId);
  }
}

class Channel extends SharedRedis {
  override readonly client = undefined;
  override readonly available = true;
  follower: ChannelFollower | undefined;

  override ask(): Promise<never> {
    return Promise.reject(new Error('there is no Redis to ask'));
  }

  override follow(_: string, follower: ChannelFollower): () => void {
    this.follower = follower;
    return () => {
      this.follower = undefined;
    };
  }
}

describe('CachedSessionStore', () => {
  let clock: ManualClock;
  let shared: ObservedStore;
  let channel: Channel;
  let store: CachedSessionStore;
  let session: Session;
  let principal: Principal;

  beforeEach(async () => {
    clock = new ManualClock();
    shared = new ObservedStore(TEST_LIFE, clock);
    channel = new Channel();
    store = new CachedSessionStore(shared, channel, TEST_LIFE, clock);
    channel.follower?.following(true);
    ({ session } = buildSession(clock));
    ({ principal } = session);
    await store.create(session);
  });

  const ask = (): ReturnType<CachedSessionStore['principalOf']> =>
    store.principalOf(principal.userId, principal.sessionId);

  it('asks once a second, and answers without a promise in between', async () => {
    expect(await ask()).toEqual(principal);
    clock.advance(999);
    expect(ask()).toEqual(principal);
    expect(shared.finds).toBe(1);
    clock.advance(1);
    expect(await ask()).toEqual(principal);
    expect(shared.finds).toBe(2);
  });

  it('asks once for all who ask meanwhile', async () => {
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([principal, principal, principal]);
    expect(shared.finds).toBe(1);
  });

  it('drops a session when a replica tells of its change', async () => {
    await ask();
    await shared.end(principal.userId, principal.sessionId);
    channel.follower?.message(`ended ${principal.sessionId}`);
    expect(await ask()).toBeUndefined();
  });

  it('drops a session that it ended itself before the answer goes out', async () => {
    await ask();
    expect(await store.end(principal.userId, principal.sessionId)).toBe(true);
    expect(await ask()).toBeUndefined();
  });

  it.each([
    ['all sessions of a user', () => store.endAll(principal.userId), undefined],
    ['a user’s rights', () => store.setRights(principal.userId, { roles: [], projects: [] }), { roles: [] }],
  ])('drops what it changed itself before the answer goes out: %s', async (_, change, left) => {
    await ask();
    expect(await change()).toEqual([principal.sessionId]);
    if (left === undefined) expect(await ask()).toBeUndefined();
    else expect(await ask()).toMatchObject(left);
  });

  it('keeps no answer that a change has overtaken', async () => {
    let open: () => void = () => undefined;
    shared.gate = new Promise((resolve) => (open = resolve));
    const early = ask();
    await sleep(0);
    await shared.end(principal.userId, principal.sessionId);
    channel.follower?.message(`ended ${principal.sessionId}`);
    open();
    await early;
    expect(await ask()).toBeUndefined();
  });

  it('keeps nothing while it could miss a change, and forgets all when it may have', async () => {
    await ask();
    channel.follower?.following(false);
    await ask();
    await ask();
    expect(shared.finds).toBe(3);
    channel.follower?.following(true);
    await ask();
    expect(ask()).toEqual(principal);
    expect(shared.finds).toBe(4);
  });

  it('does not keep that a session is unknown', async () => {
    await store.end(principal.userId, principal.sessionId);
    expect(await ask()).toBeUndefined();
    await store.create(session);
    expect(await ask()).toEqual(principal);
  });

  it('keeps a session in use alive with few writes', async () => {
    for (let passed = 0; passed < 5 * TEST_LIFE.idleMs; passed += 2_000) {
      expect(await ask()).toEqual(principal);
      clock.advance(2_000);
    }
    expect(shared.touches).toBeLessThanOrEqual(20);
    expect(shared.touches).toBeGreaterThan(0);
  });

  it('lets a failure of the store through, and asks again after it', async () => {
    shared.gate = Promise.reject(new Error('away'));
    await expect(ask()).rejects.toThrow('away');
    shared.gate = Promise.resolve();
    expect(await ask()).toEqual(principal);
  });
});

const suite = hasRedisServer('logout over two instances and a lost Redis') ? describe : describe.skip;

suite('two instances over one Redis', () => {
  let server: PrivateRedis;
  const clock = new ManualClock();
  const instances: { redis: RedisConnection; store: CachedSessionStore }[] = [];

  beforeAll(async () => {
    server = await startPrivateRedis();
    for (let count = 0; count < 2; count += 1) {
      const redis = await openRedis(server.url);
      const store = new CachedSessionStore(
        new RedisSessionStore(redis, TEST_LIFE, clock, new SessionRecord(TEST_SEAL, TEST_LIFE)),
        redis,
        TEST_LIFE,
        clock,
      );
      instances.push({ redis, store });
    }
  });

  afterAll(async () => {
    for (const { redis, store } of instances) {
      store.onApplicationShutdown();
      redis.onApplicationShutdown();
    }
    await server.close();
  });

  /** Asks until the answer is kept, which says that the subscription stands. */
  async function warm(store: CachedSessionStore, principal: Principal): Promise<void> {
    const end = performance.now() + 5_000;
    while (store.principalOf(principal.userId, principal.sessionId) instanceof Promise) {
      if (performance.now() > end) throw new Error('never kept');
      await sleep(10);
    }
  }

  it('ends a session on both within 100 ms', async () => {
    const [one, two] = instances.map(({ store }) => store) as [CachedSessionStore, CachedSessionStore];
    const { session } = buildSession(clock);
    const { principal } = session;
    await one.create(session);
    await warm(one, principal);
    await warm(two, principal);
    await one.end(principal.userId, principal.sessionId);
    expect(await one.principalOf(principal.userId, principal.sessionId)).toBeUndefined();
    const begun = performance.now();
    while ((await two.principalOf(principal.userId, principal.sessionId)) !== undefined) {
      expect(performance.now() - begun).toBeLessThan(100);
      await sleep(1);
    }
  });

  it('fails closed at once while Redis is gone, knows no session of an emptied one, and works again', async () => {
    const [{ redis, store }] = instances as [(typeof instances)[0]];
    const { session } = buildSession(clock);
    const { principal } = session;
    await store.create(session);
    await warm(store, principal);
    await server.kill();
    await sleep(50);
    const begun = performance.now();
    for (const question of [
      store.principalOf(principal.userId, principal.sessionId),
      store.create(session),
      store.find(principal.userId, principal.sessionId),
      store.end(principal.userId, principal.sessionId),
      store.listByUser(principal.userId),
    ]) {
      await expect(Promise.resolve(question)).rejects.toMatchObject({ code: 'state_unavailable', status: 503 });
    }
    expect(performance.now() - begun).toBeLessThan(200);
    await server.start();
    const end = performance.now() + 5_000;
    while (!redis.available && performance.now() < end) await sleep(20);
    expect(await store.principalOf(principal.userId, principal.sessionId)).toBeUndefined();
    await store.create(session);
    await warm(store, principal);
  });
});

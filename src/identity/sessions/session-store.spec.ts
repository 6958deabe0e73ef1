import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openRedis } from '../../../test/support/open-redis.js';
import {
  hasRedisServer,
  startClusterNode,
  startPrivateRedis,
  type PrivateRedis,
} from '../../../test/support/private-redis.js';
import { buildSession, TEST_LIFE, TEST_SEAL, type OpenedSession } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { RedisConnection } from '../../state/redis-connection.js';
import { MemorySessionStore } from './memory-session-store.js';
import { RedisSessionStore } from './redis-session-store.js';
import type { RefreshToken } from './refresh-token.js';
import { MAX_SESSIONS_PER_USER } from './session.js';
import { SessionRecord } from './session-record.js';
import type { Rotation, SessionStore } from './session-store.js';

interface Place {
  readonly store: (clock: ManualClock) => SessionStore;
  readonly redis?: RedisConnection;
  readonly close: () => Promise<void>;
}

const inMemory = (): Promise<Place> =>
  Promise.resolve({ store: (clock) => new MemorySessionStore(TEST_LIFE, clock), close: () => Promise.resolve() });

const inRedis = async (): Promise<Place> => over(await startPrivateRedis());

/** A Cluster of one node refuses keys of different slots in one script just as one of many does. */
async function inCluster(): Promise<Place> {
  const server = await startClusterNode();
  const node = new Redis(server.url);
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  while (!String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20);
  node.disconnect();
  return over(server, server.url.replace('redis:', 'redis+cluster:'));
}

async function over(server: PrivateRedis, url = server.url): Promise<Place> {
  const redis = await openRedis(url);
  return {
    store: (clock) => new RedisSessionStore(redis, TEST_LIFE, clock, new SessionRecord(TEST_SEAL)),
    redis,
    close: () => {
      redis.onApplicationShutdown();
      return server.close();
    },
  };
}

const rotation = (presented: RefreshToken, next: RefreshToken, roles: readonly string[] = ['analyst']): Rotation => ({
  userId: presented.userId,
  sessionId: presented.sessionId,
  familyHash: presented.familyHash,
  presentedHash: presented.secretHash,
  nextHash: next.secretHash,
  projects: ['*'],
  roles,
});

const PLACES: [string, () => Promise<Place>][] = [['memory', inMemory]];
if (hasRedisServer('sessions in a real Redis')) PLACES.push(['Redis', inRedis], ['a Redis Cluster', inCluster]);

describe.each(PLACES)('a session store in %s', (_, open) => {
  let place: Place;
  let clock: ManualClock;
  let store: SessionStore;
  let users = 0;
  let userId: string;

  beforeAll(async () => {
    place = await open();
  });

  beforeEach(() => {
    clock = new ManualClock();
    store = place.store(clock);
    userId = `usr_${++users}`;
  });

  afterAll(() => place.close());

  async function create(user = userId): Promise<OpenedSession> {
    const opened = buildSession(clock, user);
    await store.create(opened.session);
    return opened;
  }

  it('finds what was created, and nothing else', async () => {
    const { session } = await create();
    expect(await store.find(userId, session.principal.sessionId)).toEqual(session);
    expect(await store.find('usr_other', session.principal.sessionId)).toBeUndefined();
    expect(await store.find(userId, 'ses_0')).toBeUndefined();
  });

  it('ends a session once', async () => {
    const { session } = await create();
    expect(await store.end('usr_other', session.principal.sessionId)).toBe(false);
    expect(await store.end(userId, session.principal.sessionId)).toBe(true);
    expect(await store.end(userId, session.principal.sessionId)).toBe(false);
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
    expect(await store.listByUser(userId)).toEqual([]);
  });

  it('forgets an idle session, and one in use at its absolute end', async () => {
    const idle = await create();
    const used = await create();
    for (let passed = 0; passed < TEST_LIFE.maxAgeMs; passed += 50_000) {
      expect(await store.find(userId, used.session.principal.sessionId)).toBeDefined();
      await store.touch(userId, used.session.principal.sessionId);
      clock.advance(50_000);
    }
    expect(await store.find(userId, idle.session.principal.sessionId)).toBeUndefined();
    expect(await store.find(userId, used.session.principal.sessionId)).toBeUndefined();
    expect(await store.listByUser(userId)).toEqual([]);
  });

  it('is idle exactly when its idle time is over', async () => {
    const { session } = await create();
    clock.advance(TEST_LIFE.idleMs - 1);
    expect(await store.find(userId, session.principal.sessionId)).toBeDefined();
    clock.advance(1);
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
    await store.touch(userId, session.principal.sessionId);
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
  });

  it('rotates to the next token and takes the new roles', async () => {
    const { session, refreshToken } = await create();
    const second = refreshToken.next();
    clock.advance(50_000);
    expect(await store.rotate(rotation(refreshToken, second, ['viewer']))).toBe('rotated');
    expect(await store.find(userId, session.principal.sessionId)).toEqual({
      ...session,
      principal: { ...session.principal, roles: ['viewer'] },
      lastSeenAt: clock.now(),
      refreshHash: second.secretHash,
    });
    clock.advance(50_000);
    expect(await store.rotate(rotation(second, second.next()))).toBe('rotated');
  });

  it('ends the session when an old token comes again', async () => {
    const { session, refreshToken } = await create();
    const second = refreshToken.next();
    await store.rotate(rotation(refreshToken, second));
    expect(await store.rotate(rotation(refreshToken, refreshToken.next()))).toBe('reused');
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
    expect(await store.rotate(rotation(second, second.next()))).toBe('unknown');
  });

  it('lets no forged, foreign, idle or ended token touch a session', async () => {
    const { session, refreshToken } = await create();
    const stranger = buildSession(clock, userId).refreshToken;
    const forged = { ...rotation(refreshToken, refreshToken.next()), familyHash: stranger.familyHash };
    expect(await store.rotate(forged)).toBe('unknown');
    expect(await store.rotate({ ...forged, userId: 'usr_other' })).toBe('unknown');
    expect(await store.find(userId, session.principal.sessionId)).toEqual(session);
    clock.advance(TEST_LIFE.idleMs);
    expect(await store.rotate(rotation(refreshToken, refreshToken.next()))).toBe('unknown');
  });

  it('lets one of twelve parallel rotations through, and ends the session', async () => {
    const { session, refreshToken } = await create();
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => store.rotate(rotation(refreshToken, refreshToken.next()))),
    );
    expect(outcomes.filter((outcome) => outcome === 'rotated')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'reused')).toHaveLength(1);
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
  });

  it('lists living sessions of one user, newest first', async () => {
    const first = await create();
    await create('usr_other');
    clock.advance(10);
    const second = await create();
    expect(await store.listByUser(userId)).toEqual([second.session, first.session]);
  });

  it('ends the session used longest ago when a user has too many', async () => {
    const sessions: OpenedSession[] = [];
    for (let count = 0; count < MAX_SESSIONS_PER_USER; count += 1) {
      sessions.push(await create());
      clock.advance(10);
    }
    const [first, second] = sessions as [OpenedSession, OpenedSession];
    await store.touch(userId, first.session.principal.sessionId);
    await create();
    expect(await store.find(userId, first.session.principal.sessionId)).toBeDefined();
    expect(await store.find(userId, second.session.principal.sessionId)).toBeUndefined();
    expect(await store.listByUser(userId)).toHaveLength(MAX_SESSIONS_PER_USER);
  });

  it('keeps no token in the clear, and every key of Redis dies by itself', async () => {
    const { refreshToken } = await create();
    await store.rotate(rotation(refreshToken, refreshToken.next()));
    const { client } = place.redis ?? {};
    if (client === undefined) return;
    const text = refreshToken.encode();
    for (const key of await client.keys('*')) {
      expect(await client.pttl(key)).toBeGreaterThan(0);
      expect(await client.pttl(key)).toBeLessThanOrEqual(TEST_LIFE.maxAgeMs);
      if ((await client.type(key)) === 'hash') expect(JSON.stringify(await client.hgetall(key))).not.toContain(text);
    }
  });
});

(hasRedisServer('sessions that Redis has spoilt') ? describe : describe.skip)('a session that Redis has spoilt', () => {
  let place: Place;
  const clock = new ManualClock();

  beforeAll(async () => {
    place = await inRedis();
  });
  afterAll(() => place.close());

  const later = `${clock.now() + 10 * TEST_LIFE.maxAgeMs}`;

  it.each([
    ['other roles', { rights: '{"roles":["admin"],"projects":["*"]}' }],
    ['other projects', { rights: '{"roles":["analyst"],"projects":["p1"]}' }],
    ['rights that are no JSON', { rights: 'admin' }],
    ['rights that are no object', { rights: '["admin"]' }],
    ['rights of its other spelling', { rights: '{ "roles":["analyst"],"projects":["*"]}' }],
    ['a later end', { expires: later }],
    ['another name', { name: 'root' }],
    ['another family', { family: 'A'.repeat(43) }],
    ['no seal', { seal: '' }],
    ['a time that is none', { seen: 'Infinity' }],
    ['a time in the past', { seen: '-1' }],
    ['a field of a megabyte', { display: 'x'.repeat(1_048_576) }],
  ])('is none with %s', async (_, fields) => {
    const store = place.store(clock);
    const { session } = buildSession(clock);
    const { userId, sessionId } = session.principal;
    await store.create(session);
    expect(await store.find(userId, sessionId)).toEqual(session);
    await place.redis?.client.hset(`genoflow:session:{${userId}}/${sessionId}`, fields);
    expect(await store.find(userId, sessionId)).toBeUndefined();
    expect((await store.listByUser(userId)).map(({ principal }) => principal.sessionId)).not.toContain(sessionId);
  });

  it('is none under another user or id', async () => {
    const store = place.store(clock);
    const [admin, other] = [buildSession(clock, 'usr_1', ['admin']), buildSession(clock, 'usr_2')];
    await store.create(admin.session);
    const { client } = place.redis ?? {};
    const copied = (await client?.hgetall(`genoflow:session:{usr_1}/${admin.session.principal.sessionId}`)) ?? {};
    for (const name of [`{usr_2}/${admin.session.principal.sessionId}`, `{usr_1}/${other.session.principal.sessionId}`])
      await client?.hset(`genoflow:session:${name}`, copied);
    expect(await store.find('usr_2', admin.session.principal.sessionId)).toBeUndefined();
    expect(await store.find('usr_1', other.session.principal.sessionId)).toBeUndefined();
  });

  it('of another type is refused as what cannot be known, and does not keep its user from logging in', async () => {
    const store = place.store(clock);
    const { session, refreshToken } = buildSession(clock, 'usr_3');
    const { userId, sessionId } = session.principal;
    await store.create(session);
    const { client } = place.redis ?? {};
    for (const key of [`genoflow:session:{${userId}}/${sessionId}`, `genoflow:sessions:{${userId}}`]) {
      await client?.del(key);
      await client?.set(key, 'x');
    }
    for (const attempt of [
      store.find(userId, sessionId),
      store.rotate(rotation(refreshToken, refreshToken.next())),
      store.end(userId, sessionId),
      store.listByUser(userId),
      store.touch(userId, sessionId),
    ])
      await expect(attempt).rejects.toMatchObject({ code: 'state_unavailable' });
    const next = buildSession(clock, userId);
    await store.create(next.session);
    expect(await store.find(userId, next.session.principal.sessionId)).toEqual(next.session);
  });

  it('is rotated once by a client that asks again because its connection was lost', async () => {
    const store = place.store(clock);
    const { session, refreshToken } = buildSession(clock);
    await store.create(session);
    const asked = rotation(refreshToken, refreshToken.next());
    expect([await store.rotate(asked), await store.rotate(asked)]).toEqual(['rotated', 'rotated']);
    expect(await store.rotate(rotation(refreshToken, refreshToken.next()))).toBe('reused');
  });
});

describe('MemorySessionStore', () => {
  it('holds no more sessions than it may, and lets go of those used longest ago', async () => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(TEST_LIFE, clock, 3);
    const opened = Array.from({ length: 4 }, (_, index) => buildSession(clock, `usr_${index}`));
    for (const { session } of opened) await store.create(session);
    const found = await Promise.all(
      opened.map(({ session }) => store.find(session.principal.userId, session.principal.sessionId)),
    );
    expect(found.map((session) => session?.principal.userId)).toEqual([undefined, 'usr_1', 'usr_2', 'usr_3']);
    expect(await store.listByUser('usr_0')).toEqual([]);
  });
});

import { buildSession, rotationOf, TEST_LIFE, type OpenedSession } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hasRedisServer } from '../../../test/support/private-redis.js';
import { sessionPlaces, type SessionPlace } from '../../../test/support/session-places.js';
import { MemorySessionStore } from './memory-session-store.js';
import { MAX_SESSIONS_PER_USER } from './session.js';
import type { SessionStore } from './session-store.js';

describe.each(sessionPlaces(hasRedisServer('sessions in a real Redis')))('a session store in %s', (_, open) => {
  let place: SessionPlace;
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
    expect(await store.rotate(rotationOf(refreshToken, second, { roles: ['viewer'] }))).toEqual({ kind: 'rotated' });
    expect(await store.find(userId, session.principal.sessionId)).toEqual({
      ...session,
      principal: { ...session.principal, roles: ['viewer'] },
      lastSeenAt: clock.now(),
      refreshHash: second.secretHash,
    });
    clock.advance(50_000);
    expect(await store.rotate(rotationOf(second, second.next()))).toEqual({ kind: 'rotated' });
  });

  it('ends the session when an old token comes again', async () => {
    const { session, refreshToken } = await create();
    const second = refreshToken.next();
    await store.rotate(rotationOf(refreshToken, second));
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toEqual({ kind: 'reused' });
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
    expect(await store.rotate(rotationOf(second, second.next()))).toEqual({ kind: 'unknown' });
  });

  it('lets no forged, foreign, idle or ended token touch a session', async () => {
    const { session, refreshToken } = await create();
    const stranger = buildSession(clock, userId).refreshToken;
    const forged = { ...rotationOf(refreshToken, refreshToken.next()), familyHash: stranger.familyHash };
    expect(await store.rotate(forged)).toEqual({ kind: 'unknown' });
    expect(await store.rotate({ ...forged, userId: 'usr_other' })).toEqual({ kind: 'unknown' });
    expect(await store.find(userId, session.principal.sessionId)).toEqual(session);
    clock.advance(TEST_LIFE.idleMs);
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toEqual({ kind: 'unknown' });
  });

  it('lets one of twelve parallel rotations through, and ends the session', async () => {
    const { session, refreshToken } = await create();
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => store.rotate(rotationOf(refreshToken, refreshToken.next()))),
    );
    expect(outcomes.filter(({ kind }) => kind === 'rotated')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'reused')).toHaveLength(1);
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
  });

  it('lets a session of machines live to its absolute end, and one that a person shares fall idle', async () => {
    const [machine, shared] = [
      buildSession(clock, userId, ['service']),
      buildSession(clock, userId, ['service', 'viewer']),
    ];
    await store.create(machine.session);
    await store.create(shared.session);
    clock.advance(TEST_LIFE.idleMs);
    expect(await store.listByUser(userId)).toEqual([machine.session]);
    clock.advance(TEST_LIFE.maxAgeMs - TEST_LIFE.idleMs - 1);
    expect(await store.find(userId, machine.session.principal.sessionId)).toEqual(machine.session);
    clock.advance(1);
    expect(await store.find(userId, machine.session.principal.sessionId)).toBeUndefined();
  });

  it('gives all sessions of one user new rights, and the idle time that goes with them', async () => {
    const [first, second, other] = [await create(), await create(), await create('usr_other')];
    const ids = [first, second].map(({ session }) => session.principal.sessionId).sort();
    const rights = { roles: ['service'], projects: ['p1'] };
    expect([...(await store.setRights(userId, rights))].sort()).toEqual(ids);
    for (const id of ids)
      expect(await store.find(userId, id)).toMatchObject({ principal: rights, idleMs: TEST_LIFE.maxAgeMs });
    expect(await store.find('usr_other', other.session.principal.sessionId)).toEqual(other.session);
    expect(await store.setRights(userId, rights)).toEqual([]);
    clock.advance(TEST_LIFE.idleMs);
    expect(await store.listByUser(userId)).toHaveLength(2);
    // Silent for longer than a person's session may be, it is one now.
    expect(await store.setRights(userId, { roles: ['viewer'], projects: ['p1'] })).toHaveLength(2);
    expect(await store.listByUser(userId)).toEqual([]);
  });

  it('gives rights to no session that has ended, and to nobody who has none', async () => {
    const { session } = await create();
    await store.end(userId, session.principal.sessionId);
    expect(await store.setRights(userId, { roles: ['admin'], projects: ['*'] })).toEqual([]);
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
  });

  it('ends all sessions of one user, or all but one', async () => {
    const [first, second, third, other] = [await create(), await create(), await create(), await create('usr_other')];
    const idOf = ({ session }: OpenedSession): string => session.principal.sessionId;
    const ended = await store.endAll(userId, idOf(second));
    expect([...ended].sort()).toEqual([idOf(first), idOf(third)].sort());
    expect(await store.listByUser(userId)).toEqual([second.session]);
    expect(await store.endAll(userId)).toEqual([idOf(second)]);
    expect(await store.endAll(userId)).toEqual([]);
    expect(await store.find('usr_other', idOf(other))).toEqual(other.session);
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
    await store.rotate(rotationOf(refreshToken, refreshToken.next()));
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

describe('MemorySessionStore', () => {
  it('sweeps what fell idle from behind the sessions of machines', async () => {
    const clock = new ManualClock();
    const store = new MemorySessionStore(TEST_LIFE, clock, 100);
    const [machine, ...people] = Array.from({ length: 90 }, (_, index) =>
      buildSession(clock, `usr_${index}`, [index === 0 ? 'service' : 'viewer']),
    ) as [OpenedSession, ...OpenedSession[]];
    for (const { session } of [machine, ...people]) await store.create(session);
    clock.advance(TEST_LIFE.idleMs);
    // Room for these is made by those that fell idle.
    for (let index = 100; index < 190; index += 1) await store.create(buildSession(clock, `usr_${index}`).session);
    expect(await store.listByUser(machine.session.principal.userId)).toHaveLength(1);
  });

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

import { buildSession, rotationOf, TEST_LIFE, testLife } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hasRedisServer } from '../../../test/support/private-redis.js';
import { inRedis, type SessionPlace } from '../../../test/support/session-places.js';

(hasRedisServer('sessions that Redis has spoilt') ? describe : describe.skip)('a session that Redis has spoilt', () => {
  let place: SessionPlace;
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

  it('is as idle as its roles make it, whatever is written there', async () => {
    const store = place.store(clock);
    const { session } = buildSession(clock);
    const { userId, sessionId } = session.principal;
    await store.create(session);
    await place.redis?.client.hset(`genoflow:session:{${userId}}/${sessionId}`, 'idle', '999999999999');
    expect(await store.find(userId, sessionId)).toEqual(session);
  });

  it('is handed no successor that Redis made up', async () => {
    const store = place.store(clock, testLife(10));
    const { session, refreshToken } = buildSession(clock, 'usr_4');
    const { userId, sessionId } = session.principal;
    await store.create(session);
    await store.rotate(rotationOf(refreshToken, refreshToken.next()));
    const made = `${refreshToken.secretHash} ${clock.now()} ${refreshToken.next().seal(refreshToken.next())}`;
    await place.redis?.client.set(`genoflow:successor:{${userId}}/${sessionId}`, made);
    const outcome = await store.rotate(rotationOf(refreshToken, refreshToken.next()));
    expect(outcome.kind === 'repeated' && refreshToken.open(outcome.successor)).toBeUndefined();
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
      store.rotate(rotationOf(refreshToken, refreshToken.next())),
      store.end(userId, sessionId),
      store.listByUser(userId),
      store.touch(userId, sessionId),
      store.endAll(userId),
      store.setRights(userId, { roles: [], projects: [] }),
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
    const asked = rotationOf(refreshToken, refreshToken.next());
    expect([await store.rotate(asked), await store.rotate(asked)]).toEqual([{ kind: 'rotated' }, { kind: 'rotated' }]);
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toEqual({ kind: 'reused' });
  });
});

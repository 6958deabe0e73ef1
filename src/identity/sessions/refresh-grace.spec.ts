import { buildSession, rotationOf, testLife, type OpenedSession } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hasRedisServer } from '../../../test/support/private-redis.js';
import { sessionPlaces, type SessionPlace } from '../../../test/support/session-places.js';
import type { SessionStore } from './session-store.js';

const PLACES = sessionPlaces(hasRedisServer('the grace of refresh tokens in a real Redis'));

describe.each(PLACES)('ten seconds of grace for a refresh token, in %s', (_, open) => {
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
    store = place.store(clock, testLife(10));
    userId = `usr_${++users}`;
  });
  afterAll(() => place.close());

  async function create(): Promise<OpenedSession> {
    const opened = buildSession(clock, userId);
    await store.create(opened.session);
    return opened;
  }

  it('answers twelve parallel rotations with one successor, which goes on', async () => {
    const { session, refreshToken } = await create();
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const next = refreshToken.next();
        const outcome = await store.rotate(rotationOf(refreshToken, next));
        return outcome.kind === 'repeated' ? refreshToken.open(outcome.successor) : next;
      }),
    );
    expect(new Set(outcomes.map((token) => token?.encode())).size).toBe(1);
    const [newest] = outcomes;
    expect((await store.find(userId, session.principal.sessionId))?.refreshHash).toBe(newest?.secretHash);
    clock.advance(9_999);
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toMatchObject({ kind: 'repeated' });
    if (newest === undefined) throw new Error('there is none');
    expect(await store.rotate(rotationOf(newest, newest.next()))).toEqual({ kind: 'rotated' });
  });

  it('ends the session when the grace is over', async () => {
    const { session, refreshToken } = await create();
    await store.rotate(rotationOf(refreshToken, refreshToken.next()));
    clock.advance(10_000);
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toEqual({ kind: 'reused' });
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
  });

  it('forgives the token before the newest and none older: the session ends within the grace too', async () => {
    const { session, refreshToken } = await create();
    const second = refreshToken.next();
    await store.rotate(rotationOf(refreshToken, second));
    await store.rotate(rotationOf(second, second.next()));
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toEqual({ kind: 'reused' });
    expect(await store.find(userId, session.principal.sessionId)).toBeUndefined();
  });

  it('gives nothing to a forger, nor for a session that has ended', async () => {
    const { session, refreshToken } = await create();
    await store.rotate(rotationOf(refreshToken, refreshToken.next()));
    const stranger = buildSession(clock, userId).refreshToken;
    const forged = { ...rotationOf(refreshToken, refreshToken.next()), familyHash: stranger.familyHash };
    expect(await store.rotate(forged)).toEqual({ kind: 'unknown' });
    const guessed = { ...rotationOf(refreshToken, refreshToken.next()), presentedHash: stranger.secretHash };
    await store.end(userId, session.principal.sessionId);
    expect(await store.rotate(guessed)).toEqual({ kind: 'unknown' });
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toEqual({ kind: 'unknown' });
  });

  it('counts a repetition as use, and gives it up when the setting is taken back', async () => {
    const { session, refreshToken } = await create();
    await store.rotate(rotationOf(refreshToken, refreshToken.next()));
    clock.advance(5_000);
    await store.rotate(rotationOf(refreshToken, refreshToken.next()));
    expect((await store.find(userId, session.principal.sessionId))?.lastSeenAt).toBe(clock.now());
    const { redis } = place;
    if (redis === undefined) return;
    expect(await redis.client.pttl(`genoflow:successor:{${userId}}/${session.principal.sessionId}`)).toBeLessThan(
      10_001,
    );
    store = place.store(clock);
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toEqual({ kind: 'reused' });
  });
});

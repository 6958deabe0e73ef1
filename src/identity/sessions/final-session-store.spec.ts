import { buildSession, rotationOf, TEST_LIFE } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { ChannelFollower } from '../../state/shared-redis.js';
import { FinalSessionStore } from './final-session-store.js';
import { MemorySessionStore } from './memory-session-store.js';

describe('FinalSessionStore', () => {
  const clock = new ManualClock();
  let shared: MemorySessionStore;
  let store: FinalSessionStore;
  let follower: ChannelFollower | undefined;
  const { session, refreshToken } = buildSession(clock);
  const { userId, sessionId } = session.principal;
  const rotation = rotationOf(refreshToken, refreshToken.next());

  beforeEach(async () => {
    shared = new MemorySessionStore(TEST_LIFE, clock);
    store = new FinalSessionStore(shared, {
      follow: (_channel, given) => {
        follower = given;
        return () => undefined;
      },
    });
    await store.create(session);
  });

  /** As a replica does that lagged behind. */
  const revive = (): Promise<void> => shared.create(session);

  async function expectEnded(): Promise<void> {
    await revive();
    expect(await store.find(userId, sessionId)).toBeUndefined();
    expect(await shared.find(userId, sessionId)).toBeUndefined();
    await revive();
    expect(await store.rotate(rotation)).toEqual({ kind: 'unknown' });
    await revive();
    expect(await store.listByUser(userId)).toEqual([]);
  }

  it('finds a session that lives', async () => {
    expect(await store.find(userId, sessionId)).toEqual(session);
    expect(await store.listByUser(userId)).toEqual([session]);
    expect(await store.rotate(rotation)).toEqual({ kind: 'rotated' });
  });

  it('lets none live again that it ended itself', async () => {
    expect(await store.end(userId, sessionId)).toBe(true);
    await expectEnded();
  });

  it('lets none live again that it could not end', async () => {
    jest.spyOn(shared, 'end').mockRejectedValueOnce(new Error('away'));
    await expect(store.end(userId, sessionId)).rejects.toThrow('away');
    await expectEnded();
  });

  it('lets none live again that was ended by an old refresh token', async () => {
    await store.rotate(rotation);
    expect(await store.rotate(rotationOf(refreshToken, refreshToken.next()))).toEqual({ kind: 'reused' });
    await expectEnded();
  });

  it('lets none live again that was ended with all of its user', async () => {
    expect(await store.endAll(userId)).toEqual([sessionId]);
    await expectEnded();
  });

  it('lets none live again whose end another instance told of, and minds no other message', async () => {
    for (const message of [`changed ${sessionId}`, sessionId, '', 'ended', `ended ${'x'.repeat(1_000)}`])
      follower?.message(message);
    expect(await store.find(userId, sessionId)).toEqual(session);
    follower?.message(`ended ${sessionId}`);
    await expectEnded();
  });
});

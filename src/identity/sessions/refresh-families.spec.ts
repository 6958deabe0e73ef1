import fc from 'fast-check';
import { buildSession, rotationOf, TEST_LIFE, testLife } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemorySessionStore } from './memory-session-store.js';
import type { RefreshToken } from './refresh-token.js';
import type { RotationOutcome } from './session-store.js';

/** What may happen to a family of refresh tokens; `token` chooses among all that were ever handed out. */
type Step =
  | { readonly kind: 'refresh'; readonly token: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'use' }
  | { readonly kind: 'logout' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('refresh' as const), token: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(TEST_LIFE.idleMs * 1.2) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'use' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'logout' as const }) },
);

/** The rules in their plainest form, to hold the store against. */
class Family {
  alive = true;
  lastSeenAt: number;
  replacedAt = -Infinity;

  constructor(
    readonly createdAt: number,
    readonly tokens: RefreshToken[],
    readonly graceMs: number,
  ) {
    this.lastSeenAt = createdAt;
  }

  lives(now: number): boolean {
    this.alive &&= now < this.createdAt + TEST_LIFE.maxAgeMs && now < this.lastSeenAt + TEST_LIFE.idleMs;
    return this.alive;
  }
}

describe('a family of refresh tokens', () => {
  it.each([
    [0, 'none'],
    [20, 'the one before it within the grace'],
  ])('with %d s of grace keeps one good token, forgives %s and dies of any other, in whatever order', async (grace) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new ManualClock();
        const store = new MemorySessionStore(testLife(grace), clock, 4);
        const { session, refreshToken } = buildSession(clock);
        const { userId, sessionId } = session.principal;
        await store.create(session);
        const family = new Family(clock.now(), [refreshToken], grace * 1000);
        for (const action of steps) {
          const lives = family.lives(clock.now());
          switch (action.kind) {
            case 'wait':
              clock.advance(action.ms);
              break;
            case 'use':
              await store.touch(userId, sessionId);
              if (lives) family.lastSeenAt = clock.now();
              break;
            case 'logout':
              expect(await store.end(userId, sessionId)).toBe(lives);
              family.alive = false;
              break;
            case 'refresh': {
              const presented = tokenAt(family, action.token);
              const outcome = foretell(family, lives, presented, clock.now());
              expect(await refresh(store, family, presented)).toBe(outcome);
              break;
            }
          }
          expect((await store.find(userId, sessionId)) !== undefined).toBe(family.lives(clock.now()));
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Counted from the newest: 0 is the one that should work. */
const tokenAt = (family: Family, back: number): RefreshToken =>
  family.tokens[Math.max(0, family.tokens.length - 1 - back)] as RefreshToken;

async function refresh(
  store: MemorySessionStore,
  family: Family,
  presented: RefreshToken,
): Promise<RotationOutcome['kind']> {
  const next = presented.next();
  const { kind } = await store.rotate(rotationOf(presented, next));
  if (kind === 'rotated') family.tokens.push(next);
  return kind;
}

function foretell(family: Family, lives: boolean, presented: RefreshToken, now: number): RotationOutcome['kind'] {
  if (!lives) return 'unknown';
  if (presented === family.tokens.at(-1)) {
    family.lastSeenAt = family.replacedAt = now;
    return 'rotated';
  }
  if (presented === family.tokens.at(-2) && now < family.replacedAt + family.graceMs) {
    family.lastSeenAt = now;
    return 'repeated';
  }
  family.alive = false;
  return 'reused';
}

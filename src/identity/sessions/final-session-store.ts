import { LRUCache } from 'lru-cache';
import { IDENTIFIER } from '../../kernel/identifiers.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { ENDED, SESSION_CHANNEL } from './redis-session-store.js';
import type { Session } from './session.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';

const REMEMBERED_ENDS = 100_000;

/**
 * An ended session never lives again, whatever the shared store says later: a replica that lagged behind when it became
 * master, or a server that came back with an old copy on disk, still has it. Every instance remembers the ends it was
 * told of (those longest ago give way) and ends such a session once more where it shows itself.
 */
export class FinalSessionStore extends SessionStore {
  readonly #ended = new LRUCache<string, true>({ max: REMEMBERED_ENDS });

  constructor(
    private readonly shared: SessionStore,
    redis: Pick<SharedRedis, 'follow'>,
  ) {
    super();
    redis.follow(SESSION_CHANNEL, {
      message: (text) => {
        const [change, sessionId = ''] = text.split(' ', 2);
        if (change === ENDED && IDENTIFIER.test(sessionId)) this.#ended.set(sessionId, true);
      },
      following: () => undefined,
    });
  }

  override create(session: Session): Promise<void> {
    return this.shared.create(session);
  }

  override async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const session = await this.shared.find(userId, sessionId);
    return session === undefined || this.#isLiving(userId, sessionId) ? session : undefined;
  }

  override async rotate(rotation: Rotation): Promise<RotationOutcome> {
    const { userId, sessionId } = rotation;
    if (!this.#isLiving(userId, sessionId)) return 'unknown';
    const outcome = await this.shared.rotate(rotation);
    if (outcome === 'reused') this.#ended.set(sessionId, true);
    return outcome;
  }

  override touch(userId: string, sessionId: string): Promise<void> {
    return this.shared.touch(userId, sessionId);
  }

  /** Remembered even where the shared store could not be told: the caller meant it. */
  override end(userId: string, sessionId: string): Promise<boolean> {
    return this.shared.end(userId, sessionId).finally(() => this.#ended.set(sessionId, true));
  }

  override async listByUser(userId: string): Promise<readonly Session[]> {
    const sessions = await this.shared.listByUser(userId);
    return sessions.filter(({ principal }) => this.#isLiving(userId, principal.sessionId));
  }

  #isLiving(userId: string, sessionId: string): boolean {
    if (!this.#ended.has(sessionId)) return true;
    this.shared.end(userId, sessionId).catch(() => undefined);
    return false;
  }
}

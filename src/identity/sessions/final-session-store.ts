import type { Rights } from '../../kernel/principal.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { EndedIds } from '../ended-ids.js';
import { ENDED, SESSION_CHANNEL } from './redis-session-store.js';
import type { Session } from './session.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';

/** Lets no ended session live again; one that shows itself in the shared store is ended there once more. */
export class FinalSessionStore extends SessionStore {
  readonly #ended: EndedIds;

  constructor(
    private readonly shared: SessionStore,
    redis: Pick<SharedRedis, 'follow'>,
  ) {
    super();
    this.#ended = new EndedIds(redis, SESSION_CHANNEL, (message) => {
      const [change, sessionId] = message.split(' ', 2);
      return change === ENDED ? sessionId : undefined;
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
    if (!this.#isLiving(userId, sessionId)) return { kind: 'unknown' };
    const outcome = await this.shared.rotate(rotation);
    if (outcome.kind === 'reused') this.#ended.add(sessionId);
    return outcome;
  }

  override touch(userId: string, sessionId: string): Promise<void> {
    return this.shared.touch(userId, sessionId);
  }

  /** Remembered even where the shared store could not be told: the caller meant it. */
  override end(userId: string, sessionId: string): Promise<boolean> {
    return this.shared.end(userId, sessionId).finally(() => {
      this.#ended.add(sessionId);
    });
  }

  override async endAll(userId: string, exceptId?: string): Promise<readonly string[]> {
    const ended = await this.shared.endAll(userId, exceptId);
    ended.forEach((sessionId) => {
      this.#ended.add(sessionId);
    });
    return ended;
  }

  override setRights(userId: string, rights: Rights): Promise<readonly string[]> {
    return this.shared.setRights(userId, rights);
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

import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import type { Principal, Rights } from '../../kernel/principal.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import type { LiveSessions } from './live-sessions.js';
import { SESSION_CHANNEL } from './redis-session-store.js';
import type { Session } from './session.js';
import type { SessionLife } from './session-life.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';

const CACHED_SESSIONS = 20_000;
/** Longest trust in a kept answer, in milliseconds: bounds what a lost message could do. */
const FRESH_MS = 1_000;
const TOUCH_CEILING_MS = 30_000;

interface Known {
  readonly principal: Principal;
  /** Monotonic milliseconds. */
  readonly askedAt: number;
}

/**
 * Keeps the shared store's answers to the question of every request for a second. A change on any replica is published
 * and drops the answer at once. Where messages may have been missed everything is dropped, and while the subscription
 * does not stand nothing is kept. All other questions go to the shared store itself.
 */
export class CachedSessionStore extends SessionStore implements LiveSessions {
  readonly #known = new LRUCache<string, Known>({ max: CACHED_SESSIONS });
  /** Questions under way, shared by those who ask meanwhile; one that is no longer here has been overtaken by a change. */
  readonly #asking = new Map<string, Promise<Principal | undefined>>();
  readonly #touchEveryMs: number;
  readonly #unfollow: () => void;
  #following = false;

  constructor(
    private readonly shared: SessionStore,
    redis: SharedRedis,
    life: Pick<SessionLife, 'idleMs'>,
    private readonly clock: Clock,
  ) {
    super();
    // Rare enough to spare the store a write per request, often enough that no session in use falls idle.
    this.#touchEveryMs = Math.min(TOUCH_CEILING_MS, life.idleMs / 4);
    this.#unfollow = redis.follow(SESSION_CHANNEL, {
      message: (text) => {
        this.#drop(text.slice(text.indexOf(' ') + 1));
      },
      following: (isFollowing) => {
        this.#following = isFollowing;
        this.#known.clear();
        this.#asking.clear();
      },
    });
  }

  principalOf(userId: string, sessionId: string): Principal | undefined | Promise<Principal | undefined> {
    const known = this.#known.get(sessionId);
    if (known !== undefined && this.clock.monotonic() - known.askedAt < FRESH_MS)
      return ownedBy(userId, known.principal);
    let answer = this.#asking.get(sessionId);
    if (answer === undefined) {
      answer = this.#ask(userId, sessionId);
      this.#asking.set(sessionId, answer);
    }
    return answer.then((principal) => ownedBy(userId, principal));
  }

  override create(session: Session): Promise<void> {
    return this.shared.create(session);
  }

  override find(userId: string, sessionId: string): Promise<Session | undefined> {
    return this.shared.find(userId, sessionId);
  }

  // Own changes are dropped here and not only by their message, which may arrive after the answer has gone out.
  override rotate(rotation: Rotation): Promise<RotationOutcome> {
    return this.shared.rotate(rotation).finally(() => {
      this.#drop(rotation.sessionId);
    });
  }

  override touch(userId: string, sessionId: string): Promise<void> {
    return this.shared.touch(userId, sessionId);
  }

  override end(userId: string, sessionId: string): Promise<boolean> {
    return this.shared.end(userId, sessionId).finally(() => {
      this.#drop(sessionId);
    });
  }

  override async endAll(userId: string, exceptId?: string): Promise<readonly string[]> {
    return this.#dropAll(await this.shared.endAll(userId, exceptId));
  }

  override async setRights(userId: string, rights: Rights): Promise<readonly string[]> {
    return this.#dropAll(await this.shared.setRights(userId, rights));
  }

  override listByUser(userId: string): Promise<readonly Session[]> {
    return this.shared.listByUser(userId);
  }

  onApplicationShutdown(): void {
    this.#unfollow();
  }

  #ask(userId: string, sessionId: string): Promise<Principal | undefined> {
    const askedAt = this.clock.monotonic();
    const answer = this.shared.find(userId, sessionId).then((session) => {
      if (session === undefined) return undefined;
      if (this.#following && this.#asking.get(sessionId) === answer) {
        this.#known.set(sessionId, { principal: session.principal, askedAt });
      }
      if (this.clock.now() - session.lastSeenAt >= this.#touchEveryMs) this.#touchLater(userId, sessionId);
      return session.principal;
    });
    const settle = (): void => {
      if (this.#asking.get(sessionId) === answer) this.#asking.delete(sessionId);
    };
    answer.then(settle, settle);
    return answer;
  }

  /** The request need not wait for it, and a failed one is made up for by the next. */
  #touchLater(userId: string, sessionId: string): void {
    this.shared.touch(userId, sessionId).catch(() => undefined);
  }

  #dropAll(sessionIds: readonly string[]): readonly string[] {
    sessionIds.forEach((sessionId) => {
      this.#drop(sessionId);
    });
    return sessionIds;
  }

  #drop(sessionId: string): void {
    this.#known.delete(sessionId);
    this.#asking.delete(sessionId);
  }
}

const ownedBy = (userId: string, principal: Principal | undefined): Principal | undefined =>
  principal?.userId === userId ? principal : undefined;

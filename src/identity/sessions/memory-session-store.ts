import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import type { Principal } from '../../kernel/principal.js';
import { LiveSessions } from './live-sessions.js';
import { isAlive, MAX_SESSIONS_PER_USER, type Session, type SessionLife } from './session.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';

const MAX_SESSIONS = 100_000;

type KeptSession = { -readonly [Key in keyof Session]: Session[Key] };

/**
 * Sessions in this process. The session used longest ago gives way when there are too many; those that expired lie at
 * the same end of the list and are swept from there whenever one is created.
 */
export class MemorySessionStore extends SessionStore implements LiveSessions {
  readonly #byUser = new Map<string, Set<string>>();
  readonly #sessions: LRUCache<string, KeptSession>;

  constructor(
    private readonly life: SessionLife,
    private readonly clock: Clock,
    maxSessions = MAX_SESSIONS,
  ) {
    super();
    this.#sessions = new LRUCache<string, KeptSession>({
      max: maxSessions,
      dispose: ({ principal }) => {
        this.#forget(principal);
      },
    });
  }

  override create(session: Session): Promise<void> {
    this.#sweep();
    const { userId, sessionId } = session.principal;
    const ids = this.#byUser.get(userId) ?? new Set();
    if (ids.size >= MAX_SESSIONS_PER_USER) this.#endLongestUnused(ids);
    this.#sessions.set(sessionId, { ...session });
    this.#byUser.set(userId, ids.add(sessionId));
    return Promise.resolve();
  }

  override find(userId: string, sessionId: string): Promise<Session | undefined> {
    const session = this.#living(userId, sessionId);
    return Promise.resolve(session && { ...session });
  }

  principalOf(userId: string, sessionId: string): Principal | undefined {
    const session = this.#living(userId, sessionId);
    if (session === undefined) return undefined;
    session.lastSeenAt = this.clock.now();
    return session.principal;
  }

  override rotate(rotation: Rotation): Promise<RotationOutcome> {
    const session = this.#living(rotation.userId, rotation.sessionId);
    if (session?.familyHash !== rotation.familyHash) return Promise.resolve('unknown');
    if (session.refreshHash !== rotation.presentedHash) {
      this.#sessions.delete(rotation.sessionId);
      return Promise.resolve('reused');
    }
    session.refreshHash = rotation.nextHash;
    session.lastSeenAt = this.clock.now();
    session.principal = { ...session.principal, roles: rotation.roles, projects: rotation.projects };
    return Promise.resolve('rotated');
  }

  override touch(userId: string, sessionId: string): Promise<void> {
    this.principalOf(userId, sessionId);
    return Promise.resolve();
  }

  override end(userId: string, sessionId: string): Promise<boolean> {
    const ended = this.#living(userId, sessionId) !== undefined && this.#sessions.delete(sessionId);
    return Promise.resolve(ended);
  }

  override listByUser(userId: string): Promise<readonly Session[]> {
    const sessions = [...(this.#byUser.get(userId) ?? [])].flatMap((id) => this.#peekLiving(id) ?? []);
    return Promise.resolve(sessions.map((session) => ({ ...session })).sort((a, b) => b.createdAt - a.createdAt));
  }

  #living(userId: string, sessionId: string): KeptSession | undefined {
    const session = this.#sessions.get(sessionId);
    if (session?.principal.userId !== userId) return undefined;
    if (isAlive(session, this.life, this.clock.now())) return session;
    this.#sessions.delete(sessionId);
    return undefined;
  }

  #peekLiving(sessionId: string): KeptSession | undefined {
    const session = this.#sessions.peek(sessionId);
    return session !== undefined && isAlive(session, this.life, this.clock.now()) ? session : undefined;
  }

  #endLongestUnused(ids: ReadonlySet<string>): void {
    let oldest: KeptSession | undefined;
    for (const id of ids) {
      const session = this.#sessions.peek(id);
      if (session !== undefined && session.lastSeenAt < (oldest?.lastSeenAt ?? Infinity)) oldest = session;
    }
    if (oldest !== undefined) this.#sessions.delete(oldest.principal.sessionId);
  }

  #sweep(): void {
    for (const id of this.#sessions.rkeys()) {
      if (this.#peekLiving(id) !== undefined) return;
      this.#sessions.delete(id);
    }
  }

  #forget({ userId, sessionId }: Principal): void {
    const ids = this.#byUser.get(userId);
    ids?.delete(sessionId);
    if (ids?.size === 0) this.#byUser.delete(userId);
  }
}

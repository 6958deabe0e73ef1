import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import type { Principal, Rights } from '../../kernel/principal.js';
import { LiveSessions } from './live-sessions.js';
import { hasSameRights } from './same-rights.js';
import { isAlive, MAX_SESSIONS_PER_USER, type Session } from './session.js';
import type { SessionLife } from './session-life.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';

const MAX_SESSIONS = 100_000;
/** Sessions looked at for each that is created. Those of machines, which do not fall idle, may lie among them. */
const SWEPT_AT_ONCE = 100;

type KeptSession = { -readonly [Key in keyof Session]: Session[Key] };

/** The refresh token before the newest, until the grace is over. */
interface Replaced {
  readonly hash: string;
  readonly until: number;
  readonly successor: string;
}

/**
 * Sessions in this process. The session used longest ago gives way when there are too many; those that expired lie at
 * the same end of the list and are swept from there whenever one is created.
 */
export class MemorySessionStore extends SessionStore implements LiveSessions {
  readonly #byUser = new Map<string, Set<string>>();
  readonly #replaced = new Map<string, Replaced>();
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
    const { userId, sessionId, presentedHash: hash, successor } = rotation;
    const session = this.#living(userId, sessionId);
    if (session?.familyHash !== rotation.familyHash) return Promise.resolve({ kind: 'unknown' });
    const now = this.clock.now();
    if (session.refreshHash !== hash) return Promise.resolve(this.#answerOld(session, hash, now));
    session.refreshHash = rotation.nextHash;
    session.lastSeenAt = now;
    this.#setRights(session, rotation);
    if (this.life.graceMs > 0) this.#replaced.set(sessionId, { hash, until: now + this.life.graceMs, successor });
    return Promise.resolve({ kind: 'rotated' });
  }

  override touch(userId: string, sessionId: string): Promise<void> {
    this.principalOf(userId, sessionId);
    return Promise.resolve();
  }

  override end(userId: string, sessionId: string): Promise<boolean> {
    const ended = this.#living(userId, sessionId) !== undefined && this.#sessions.delete(sessionId);
    return Promise.resolve(ended);
  }

  override endAll(userId: string, exceptId?: string): Promise<readonly string[]> {
    const ids = this.#livingOf(userId).map(({ principal }) => principal.sessionId);
    const ended = ids.filter((id) => id !== exceptId && this.#sessions.delete(id));
    return Promise.resolve(ended);
  }

  override setRights(userId: string, rights: Rights): Promise<readonly string[]> {
    const others = this.#livingOf(userId).filter(({ principal }) => !hasSameRights(principal, rights));
    others.forEach((session) => {
      this.#setRights(session, rights);
    });
    return Promise.resolve(others.map(({ principal }) => principal.sessionId));
  }

  override listByUser(userId: string): Promise<readonly Session[]> {
    const sessions = this.#livingOf(userId).map((session) => ({ ...session }));
    return Promise.resolve(sessions.sort((a, b) => b.createdAt - a.createdAt));
  }

  #answerOld(session: KeptSession, hash: string, now: number): RotationOutcome {
    const { sessionId } = session.principal;
    const replaced = this.#replaced.get(sessionId);
    if (replaced?.hash === hash && now < replaced.until) {
      session.lastSeenAt = now;
      return { kind: 'repeated', successor: replaced.successor };
    }
    this.#sessions.delete(sessionId);
    return { kind: 'reused' };
  }

  #setRights(session: KeptSession, { roles, projects }: Rights): void {
    session.principal = { ...session.principal, roles, projects };
    session.idleMs = this.life.idleMsOf(roles);
  }

  #living(userId: string, sessionId: string): KeptSession | undefined {
    const session = this.#sessions.get(sessionId);
    if (session?.principal.userId !== userId) return undefined;
    if (isAlive(session, this.clock.now())) return session;
    this.#sessions.delete(sessionId);
    return undefined;
  }

  #livingOf(userId: string): KeptSession[] {
    return [...(this.#byUser.get(userId) ?? [])].flatMap((id) => this.#peekLiving(id) ?? []);
  }

  #peekLiving(sessionId: string): KeptSession | undefined {
    const session = this.#sessions.peek(sessionId);
    return session !== undefined && isAlive(session, this.clock.now()) ? session : undefined;
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
    let looked = 0;
    for (const id of this.#sessions.rkeys()) {
      if (this.#peekLiving(id) === undefined) this.#sessions.delete(id);
      if (++looked >= SWEPT_AT_ONCE) return;
    }
  }

  #forget({ userId, sessionId }: Principal): void {
    this.#replaced.delete(sessionId);
    const ids = this.#byUser.get(userId);
    ids?.delete(sessionId);
    if (ids?.size === 0) this.#byUser.delete(userId);
  }
}

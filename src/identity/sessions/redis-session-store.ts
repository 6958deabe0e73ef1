import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import type { RedisClient } from '../../state/redis-client.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { stateUnavailable } from '../identity.errors.js';
import { isAlive, MAX_SESSIONS_PER_USER, type Session, type SessionLife } from './session.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';
import { CREATE_SESSION, END_SESSION, LIST_SESSIONS, ROTATE_SESSION, TOUCH_SESSION } from './session-scripts.js';

/** Tells every replica of a session that has changed or ended: one of the two words, a space, and its id. */
export const SESSION_CHANNEL = 'genoflow:sessions:changed';
export const ENDED = 'ended';

/** Between the clocks of the replicas. */
const CLOCK_SKEW_MS = 60_000;

const OUTCOME = z.enum(['rotated', 'reused', 'unknown']);
const LISTED = z.array(z.tuple([z.string(), z.array(z.string().nullable())]));

// Redis is not trusted with more than was put there: what does not read as a session is none.
const time = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const ROLES = z.array(z.string().max(64)).max(64);
const roles = z
  .string()
  .max(8_192)
  .transform((text, context): string[] => {
    try {
      return ROLES.parse(JSON.parse(text));
    } catch {
      context.addIssue('is not a list of roles');
      return z.NEVER;
    }
  });
const name = z.string().max(512);
const FIELDS = ['name', 'display', 'roles', 'created', 'seen', 'expires', 'family', 'refresh'] as const;
/** The fields' values in the order of FIELDS. */
const KEPT = z.tuple([name, name, roles, time, time, time, hash, hash]);

/** Sessions in Redis: one hash each, and an index per user; every key has a time to live. */
export class RedisSessionStore extends SessionStore {
  constructor(
    private readonly redis: SharedRedis,
    private readonly life: SessionLife,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async create(session: Session): Promise<void> {
    const { userId, sessionId, username, roles } = session.principal;
    const { displayName, createdAt, lastSeenAt, expiresAt, familyHash, refreshHash } = session;
    const options = [MAX_SESSIONS_PER_USER, prefixOf(userId), SESSION_CHANNEL];
    const identity = ['name', username, 'display', displayName, 'roles', JSON.stringify(roles)];
    const times = ['created', createdAt, 'seen', lastSeenAt, 'expires', expiresAt];
    const hashes = ['family', familyHash, 'refresh', refreshHash];
    const values = [sessionId, this.clock.now(), this.life.idleMs, ...options, ...identity, ...times, ...hashes];
    await this.#ask((client) => CREATE_SESSION.run(client, keysOf(userId, sessionId), values));
  }

  override async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const values = await this.#ask((client) => client.hmget(sessionKey(userId, sessionId), ...FIELDS));
    return this.#living(userId, sessionId, values);
  }

  override async rotate(rotation: Rotation): Promise<RotationOutcome> {
    const { userId, sessionId, familyHash, presentedHash, nextHash, roles } = rotation;
    const hashes = [familyHash, presentedHash, nextHash];
    const values = [sessionId, this.clock.now(), this.life.idleMs, SESSION_CHANNEL, ...hashes, JSON.stringify(roles)];
    return read(OUTCOME, await this.#ask((client) => ROTATE_SESSION.run(client, keysOf(userId, sessionId), values)));
  }

  override async touch(userId: string, sessionId: string): Promise<void> {
    const values = [this.clock.now(), this.life.idleMs];
    await this.#ask((client) => TOUCH_SESSION.run(client, keysOf(userId, sessionId), values));
  }

  override async end(userId: string, sessionId: string): Promise<boolean> {
    const values = [sessionId, this.clock.now(), this.life.idleMs, SESSION_CHANNEL];
    return (await this.#ask((client) => END_SESSION.run(client, keysOf(userId, sessionId), values))) === 1;
  }

  override async listByUser(userId: string): Promise<readonly Session[]> {
    const options = [prefixOf(userId), 2 * MAX_SESSIONS_PER_USER, ...FIELDS];
    const reply = await this.#ask((client) => LIST_SESSIONS.run(client, keysOf(userId, ''), options));
    return read(LISTED, reply).flatMap(([sessionId, values]) => this.#living(userId, sessionId, values) ?? []);
  }

  #living(userId: string, sessionId: string, values: unknown): Session | undefined {
    const kept = KEPT.safeParse(values);
    if (!kept.success) return undefined;
    const [username, displayName, heldRoles, createdAt, lastSeenAt, expiresAt, familyHash, refreshHash] = kept.data;
    const principal = { userId, username, sessionId, roles: heldRoles };
    const session = { principal, displayName, createdAt, lastSeenAt, expiresAt, familyHash, refreshHash };
    // No session of ours was made to last longer than this, whatever Redis says.
    const lastsTooLong = expiresAt > createdAt + this.life.maxAgeMs || createdAt > this.clock.now() + CLOCK_SKEW_MS;
    return !lastsTooLong && isAlive(session, this.life, this.clock.now()) ? session : undefined;
  }

  async #ask<Reply>(question: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    try {
      return await this.redis.ask(question);
    } catch (error) {
      throw stateUnavailable(error);
    }
  }
}

/** A reply that our scripts do not give tells of a store that cannot be relied on. */
function read<Reply>(form: z.ZodType<Reply>, reply: unknown): Reply {
  const parsed = form.safeParse(reply);
  if (!parsed.success) throw stateUnavailable(parsed.error);
  return parsed.data;
}

const prefixOf = (userId: string): string => `genoflow:session:{${userId}}/`;
const sessionKey = (userId: string, sessionId: string): string => `${prefixOf(userId)}${sessionId}`;
const keysOf = (userId: string, sessionId: string): [string, string] => [
  sessionKey(userId, sessionId),
  `genoflow:sessions:{${userId}}`,
];

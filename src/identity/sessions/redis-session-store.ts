import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import type { RedisClient } from '../../state/redis-client.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { stateUnavailable } from '../identity.errors.js';
import { isAlive, MAX_SESSIONS_PER_USER, type Session, type SessionLife } from './session.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';
import { CREATE_SESSION, END_SESSION, LIST_SESSIONS, ROTATE_SESSION, TOUCH_SESSION } from './session-scripts.js';

/** Tells every replica the id of a session that has changed or ended. */
export const SESSION_CHANNEL = 'genoflow:sessions:changed';

const OUTCOME = z.enum(['rotated', 'reused', 'unknown']);
const LISTED = z.array(z.tuple([z.string(), z.array(z.string())]));
const KEPT = z.object({
  name: z.string(),
  display: z.string(),
  roles: z.string().transform((text): string[] => z.array(z.string()).parse(JSON.parse(text))),
  created: z.coerce.number(),
  seen: z.coerce.number(),
  expires: z.coerce.number(),
  family: z.string(),
  refresh: z.string(),
});

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
    const fields = await this.#ask((client) => client.hgetall(sessionKey(userId, sessionId)));
    return this.#living(userId, sessionId, fields);
  }

  override async rotate(rotation: Rotation): Promise<RotationOutcome> {
    const { userId, sessionId, familyHash, presentedHash, nextHash, roles } = rotation;
    const hashes = [familyHash, presentedHash, nextHash];
    const values = [sessionId, this.clock.now(), this.life.idleMs, SESSION_CHANNEL, ...hashes, JSON.stringify(roles)];
    return OUTCOME.parse(await this.#ask((client) => ROTATE_SESSION.run(client, keysOf(userId, sessionId), values)));
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
    const reply = await this.#ask((client) => LIST_SESSIONS.run(client, keysOf(userId, ''), [prefixOf(userId)]));
    return LISTED.parse(reply).flatMap(([sessionId, flat]) => {
      const fields: Record<string, string> = {};
      for (let index = 0; index + 1 < flat.length; index += 2) fields[flat[index] ?? ''] = flat[index + 1] ?? '';
      return this.#living(userId, sessionId, fields) ?? [];
    });
  }

  #living(userId: string, sessionId: string, fields: Record<string, string>): Session | undefined {
    const kept = KEPT.safeParse(fields);
    if (!kept.success) return undefined;
    const { name, display, roles, created, seen, expires, family, refresh } = kept.data;
    const session: Session = {
      principal: { userId, username: name, sessionId, roles },
      displayName: display,
      createdAt: created,
      lastSeenAt: seen,
      expiresAt: expires,
      familyHash: family,
      refreshHash: refresh,
    };
    return isAlive(session, this.life, this.clock.now()) ? session : undefined;
  }

  async #ask<Reply>(question: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    const { client, available } = this.redis;
    if (client === undefined || !available) throw stateUnavailable();
    try {
      return await question(client);
    } catch (error) {
      throw stateUnavailable(error);
    }
  }
}

const prefixOf = (userId: string): string => `genoflow:session:{${userId}}/`;
const sessionKey = (userId: string, sessionId: string): string => `${prefixOf(userId)}${sessionId}`;
const keysOf = (userId: string, sessionId: string): [string, string] => [
  sessionKey(userId, sessionId),
  `genoflow:sessions:{${userId}}`,
];

import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import type { RedisClient } from '../../state/redis-client.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { askRedis, readReply } from '../ask-redis.js';
import { isAlive, MAX_SESSIONS_PER_USER, type Session, type SessionLife } from './session.js';
import { SESSION_FIELDS, type SessionRecord } from './session-record.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';
import { CREATE_SESSION, END_SESSION, LIST_SESSIONS, ROTATE_SESSION, TOUCH_SESSION } from './session-scripts.js';

/** Tells every replica of a session that has changed or ended: one of the two words, a space, and its id. */
export const SESSION_CHANNEL = 'genoflow:sessions:changed';
export const ENDED = 'ended';

const OUTCOME = z.enum(['rotated', 'reused', 'unknown']);
const LISTED = z.array(z.tuple([z.string(), z.array(z.string().nullable())]));

/** Sessions in Redis: one hash each, and an index per user; every key has a time to live. */
export class RedisSessionStore extends SessionStore {
  constructor(
    private readonly redis: Pick<SharedRedis, 'ask'>,
    private readonly life: SessionLife,
    private readonly clock: Clock,
    private readonly record: SessionRecord,
  ) {
    super();
  }

  override async create(session: Session): Promise<void> {
    const { userId, sessionId } = session.principal;
    const options = [MAX_SESSIONS_PER_USER, prefixOf(userId), SESSION_CHANNEL];
    const values = [sessionId, this.clock.now(), this.life.idleMs, ...options, ...this.record.write(session)];
    await this.#ask((client) => CREATE_SESSION.run(client, keysOf(userId, sessionId), values));
  }

  override async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const values = await this.#ask((client) => client.hmget(sessionKey(userId, sessionId), ...SESSION_FIELDS));
    return this.#living(userId, sessionId, values);
  }

  override async rotate(rotation: Rotation): Promise<RotationOutcome> {
    const { userId, sessionId, familyHash, presentedHash, nextHash, roles, projects } = rotation;
    const hashes = [familyHash, presentedHash, nextHash];
    const held = this.record.writeRights(userId, sessionId, { roles, projects });
    const values = [sessionId, this.clock.now(), this.life.idleMs, SESSION_CHANNEL, ...hashes, ...held];
    const reply = await this.#ask((client) => ROTATE_SESSION.run(client, keysOf(userId, sessionId), values));
    return readReply(OUTCOME, reply);
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
    const options = [prefixOf(userId), 2 * MAX_SESSIONS_PER_USER, ...SESSION_FIELDS];
    const reply = await this.#ask((client) => LIST_SESSIONS.run(client, keysOf(userId, ''), options));
    return readReply(LISTED, reply).flatMap(([sessionId, values]) => this.#living(userId, sessionId, values) ?? []);
  }

  #living(userId: string, sessionId: string, values: unknown): Session | undefined {
    const session = this.record.read(userId, sessionId, values);
    return session !== undefined && isAlive(session, this.life, this.clock.now()) ? session : undefined;
  }

  #ask<Reply>(question: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    return askRedis(this.redis, question);
  }
}

const prefixOf = (userId: string): string => `genoflow:session:{${userId}}/`;
const sessionKey = (userId: string, sessionId: string): string => `${prefixOf(userId)}${sessionId}`;
const keysOf = (userId: string, sessionId: string): [string, string] => [
  sessionKey(userId, sessionId),
  `genoflow:sessions:{${userId}}`,
];

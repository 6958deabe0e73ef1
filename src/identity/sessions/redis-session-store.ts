import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import type { Rights } from '../../kernel/principal.js';
import type { RedisClient } from '../../state/redis-client.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { askRedis, readReply } from '../ask-redis.js';
import { hasSameRights } from './same-rights.js';
import { isAlive, MAX_SESSIONS_PER_USER, type Session } from './session.js';
import type { SessionLife } from './session-life.js';
import { SESSION_FIELDS, type SessionRecord } from './session-record.js';
import { SessionStore, type Rotation, type RotationOutcome } from './session-store.js';
import * as scripts from './session-scripts.js';

/** Tells every replica of a session that has changed or ended: one of the two words, a space, and its id. */
export const SESSION_CHANNEL = 'genoflow:sessions:changed';
export const ENDED = 'ended';

const OUTCOME = z.union([
  z.tuple([z.enum(['rotated', 'reused', 'unknown'])]).transform(([kind]): RotationOutcome => ({ kind })),
  z
    .tuple([z.literal('repeated'), z.string().max(128)])
    .transform(([kind, successor]): RotationOutcome => ({ kind, successor })),
]);
const IDS = z.array(z.string());
const LISTED = z.array(z.tuple([z.string(), z.array(z.string().nullable())]));

/** Sessions in Redis: one hash each, and an index per user; every key has a time to live. */
export class RedisSessionStore extends SessionStore {
  constructor(
    private readonly redis: Pick<SharedRedis, 'ask'>,
    private readonly life: Pick<SessionLife, 'graceMs'>,
    private readonly clock: Clock,
    private readonly record: SessionRecord,
  ) {
    super();
  }

  override async create(session: Session): Promise<void> {
    const { userId, sessionId } = session.principal;
    const options = [MAX_SESSIONS_PER_USER, prefixOf(userId), SESSION_CHANNEL];
    const values = [sessionId, this.clock.now(), ...options, ...this.record.write(session)];
    const keys = [sessionKey(userId, sessionId), indexKey(userId)];
    await this.#ask((client) => scripts.CREATE_SESSION.run(client, keys, values));
  }

  override async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const values = await this.#ask((client) => client.hmget(sessionKey(userId, sessionId), ...SESSION_FIELDS));
    return this.#living(userId, sessionId, values);
  }

  override async rotate(rotation: Rotation): Promise<RotationOutcome> {
    const { userId, sessionId, familyHash, presentedHash, nextHash, successor } = rotation;
    const values = [
      ...[sessionId, this.clock.now(), SESSION_CHANNEL, familyHash, presentedHash, nextHash],
      ...[this.life.graceMs, successor, ...this.record.writeRights(userId, sessionId, rotation)],
    ];
    const keys = [sessionKey(userId, sessionId), indexKey(userId), successorKey(userId, sessionId)];
    return readReply(OUTCOME, await this.#ask((client) => scripts.ROTATE_SESSION.run(client, keys, values)));
  }

  override async touch(userId: string, sessionId: string): Promise<void> {
    const [keys, values] = [[sessionKey(userId, sessionId)], [this.clock.now()]];
    await this.#ask((client) => scripts.TOUCH_SESSION.run(client, keys, values));
  }

  override async end(userId: string, sessionId: string): Promise<boolean> {
    const keys = [sessionKey(userId, sessionId), indexKey(userId)];
    const values = [sessionId, this.clock.now(), SESSION_CHANNEL];
    return (await this.#ask((client) => scripts.END_SESSION.run(client, keys, values))) === 1;
  }

  override async endAll(userId: string, exceptId = ''): Promise<readonly string[]> {
    const values = [prefixOf(userId), this.clock.now(), SESSION_CHANNEL, exceptId];
    return readReply(IDS, await this.#ask((client) => scripts.END_SESSIONS.run(client, [indexKey(userId)], values)));
  }

  override async setRights(userId: string, rights: Rights): Promise<readonly string[]> {
    const sessions = await this.listByUser(userId);
    const others = sessions.filter(({ principal }) => !hasSameRights(principal, rights));
    const ids = others.map(({ principal }) => principal.sessionId);
    const outcomes = await Promise.all(ids.map((sessionId) => this.#setRights(userId, sessionId, rights)));
    return ids.filter((_, index) => outcomes[index]);
  }

  override async listByUser(userId: string): Promise<readonly Session[]> {
    const options = [prefixOf(userId), 2 * MAX_SESSIONS_PER_USER, ...SESSION_FIELDS];
    const reply = await this.#ask((client) => scripts.LIST_SESSIONS.run(client, [indexKey(userId)], options));
    return readReply(LISTED, reply).flatMap(([sessionId, values]) => this.#living(userId, sessionId, values) ?? []);
  }

  async #setRights(userId: string, sessionId: string, rights: Rights): Promise<boolean> {
    const fields = this.record.writeRights(userId, sessionId, rights);
    const values = [sessionId, this.clock.now(), SESSION_CHANNEL, ...fields];
    const keys = [sessionKey(userId, sessionId)];
    return (await this.#ask((client) => scripts.SET_RIGHTS.run(client, keys, values))) === 1;
  }

  #living(userId: string, sessionId: string, values: unknown): Session | undefined {
    const session = this.record.read(userId, sessionId, values);
    return session !== undefined && isAlive(session, this.clock.now()) ? session : undefined;
  }

  #ask<Reply>(question: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    return askRedis(this.redis, question);
  }
}

const prefixOf = (userId: string): string => `genoflow:session:{${userId}}/`;
const sessionKey = (userId: string, sessionId: string): string => `${prefixOf(userId)}${sessionId}`;
const indexKey = (userId: string): string => `genoflow:sessions:{${userId}}`;
const successorKey = (userId: string, sessionId: string): string => `genoflow:successor:{${userId}}/${sessionId}`;

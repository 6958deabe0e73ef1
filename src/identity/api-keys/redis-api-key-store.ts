import type { OnApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import { RedisScript } from '../../state/redis-script.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { askRedis, readReply } from '../ask-redis.js';
import { EndedIds } from '../ended-ids.js';
import { FreshAnswers } from '../fresh-answers.js';
import type { RecordSeal } from '../record-seal.js';
import { isUseDue, KEPT_API_KEY, keptFrom, MAX_API_KEYS, type ApiKey } from './api-key.js';
import { ApiKeyStore, newestFirst } from './api-key-store.js';

const CHANNEL = 'genoflow:api-keys:changed';
/** All keys share a hash tag and so one Cluster slot; there are few. */
const INDEX = 'genoflow:{api-keys}';
const PREFIX = `${INDEX}:`;

/*
 * Each script takes a key's hash and the index of all, whose scores are the keys' ends. Times are the gateway's, in epoch
 * milliseconds; a time to live only cleans up.
 */

/** KEYS key, index. ARGV id, now, expires, most keys, field, value, ... Replies 0 when there are too many. */
const CREATE = new RedisScript(`
local id, now, expires, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2])
if redis.call('ZCARD', KEYS[2]) >= most then return 0 end
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], math.max(1, expires - now))
redis.call('ZADD', KEYS[2], expires, id)
redis.call('PEXPIRE', KEYS[2], math.max(expires - now, redis.call('PTTL', KEYS[2]), 1))
return 1
`);

/** KEYS key, index. ARGV id, channel. Replies 1 when there was one. */
const REVOKE = new RedisScript(`
local found = redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return found
`);

/** KEYS key, index. ARGV now. */
const NOTE_USE = new RedisScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'last_used_at', ARGV[1]) end
return 1
`);

/** KEYS any, index. ARGV prefix. Replies a list of [field, value, ...]. */
const LIST = new RedisScript(`
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local fields = redis.call('HGETALL', ARGV[1] .. id)
  if #fields > 0 then found[#found + 1] = fields end
end
return found
`);

const FIELDS = z.record(z.string(), z.string());
const LISTED = z.array(z.array(z.string()));

/** API keys that all replicas share; the question of every request is asked once a second and dropped by a message. */
export class RedisApiKeyStore extends ApiKeyStore implements OnApplicationShutdown {
  readonly #answers: FreshAnswers<ApiKey>;
  readonly #revoked: EndedIds;

  constructor(
    private readonly redis: SharedRedis,
    private readonly clock: Clock,
    private readonly seal: RecordSeal,
  ) {
    super();
    this.#revoked = new EndedIds(redis, CHANNEL);
    this.#answers = new FreshAnswers(redis, CHANNEL, (id) => this.#ask(id), clock);
  }

  override async create(key: ApiKey): Promise<boolean> {
    const lists = { scopes: JSON.stringify(key.scopes), projects: JSON.stringify(key.projects) };
    const fields = { ...keptFrom(key), ...lists, seal: this.#sealOf(key) };
    const values = [
      key.id,
      this.clock.now(),
      key.expiresAt,
      MAX_API_KEYS,
      ...(Object.entries(fields).flat() as string[]),
    ];
    return (await askRedis(this.redis, (client) => CREATE.run(client, keysOf(key.id), values))) === 1;
  }

  override find(id: string): ApiKey | Promise<ApiKey | undefined> {
    return this.#answers.get(id);
  }

  override async list(): Promise<readonly ApiKey[]> {
    const reply = await askRedis(this.redis, (client) => LIST.run(client, keysOf(''), [PREFIX]));
    const keys = readReply(LISTED, reply).flatMap((flat) => {
      const fields: Record<string, string> = {};
      for (let index = 0; index + 1 < flat.length; index += 2) fields[flat[index] ?? ''] = flat[index + 1] ?? '';
      return this.#living(fields) ?? [];
    });
    return newestFirst(keys);
  }

  override async revoke(id: string): Promise<boolean> {
    try {
      return (await askRedis(this.redis, (client) => REVOKE.run(client, keysOf(id), [id, CHANNEL]))) === 1;
    } finally {
      // Not only by its message, which may arrive after the answer has gone out; and where Redis could not be told too.
      this.#revoked.add(id);
      this.#answers.drop(id);
    }
  }

  onApplicationShutdown(): void {
    this.#answers.close();
  }

  async #ask(id: string): Promise<ApiKey | undefined> {
    const key = this.#living(readReply(FIELDS, await askRedis(this.redis, (client) => client.hgetall(PREFIX + id))));
    const now = this.clock.now();
    if (key !== undefined && isUseDue(key, now)) this.#noteUse(id, now);
    return key;
  }

  /** The request need not wait for it, and nothing hangs on it. */
  #noteUse(id: string, now: number): void {
    askRedis(this.redis, (client) => NOTE_USE.run(client, keysOf(id), [now])).catch(() => undefined);
  }

  #living({ scopes, projects, seal = '', ...fields }: Record<string, string>): ApiKey | undefined {
    const kept = KEPT_API_KEY.safeParse({ ...fields, scopes: parse(scopes), projects: parse(projects) });
    if (!kept.success || this.clock.now() >= kept.data.expiresAt) return undefined;
    if (!this.seal.holds(seal, ...sealedParts(kept.data))) return undefined;
    if (!this.#revoked.has(kept.data.id)) return kept.data;
    this.revoke(kept.data.id).catch(() => undefined);
    return undefined;
  }

  #sealOf(key: ApiKey): string {
    return this.seal.of(...sealedParts(key));
  }
}

/** All but when it was last used, on which nothing hangs. */
const sealedParts = (key: ApiKey): (string | number)[] => [
  ...[key.id, key.name, key.createdBy, key.createdAt, key.expiresAt, key.secretHash.toString('base64url')],
  ...[JSON.stringify(key.scopes), JSON.stringify(key.projects)],
];

function parse(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const keysOf = (id: string): [string, string] => [PREFIX + id, INDEX];

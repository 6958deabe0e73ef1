import { caching, type Cache } from 'cache-manager';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import type { SharedRedis } from '../../state/shared-redis.js';
import { AnswerSeal } from '../recording/answer-seal.js';
import type { RecordedAnswer } from '../recording/recorded-answer.js';

export interface KeptAnswer extends RecordedAnswer {
  /** Wall time of its arrival, milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

/** Answers by key for a time. Both calls may reject; whoever calls goes on without the cache. */
export abstract class AnswerStore {
  abstract read(key: string): Promise<KeptAnswer | undefined>;
  abstract write(key: string, answer: KeptAnswer, ttlMs: number): Promise<void>;
}

const MAX_ANSWERS = 1_000;
const MAX_BYTES = 64 * 1_048_576;
// The store's type wants one; every write states its own.
const DEFAULT_TTL_MS = 1_000;
const PREFIX = 'genoflow:answer:';

/** cache-manager over Redis where there is one, else over its memory store; bounded in number and bytes. */
export async function openAnswerStore(redis: SharedRedis, secret: string): Promise<AnswerStore> {
  if (redis.client !== undefined) {
    // The adapter's type asks for ioredis's Redis; of a Cluster it uses the same get and set.
    const cache = await caching(redisInsStore(redis.client as never));
    return new RedisAnswerStore(cache, redis, new AnswerSeal(secret, 'genoflow cached answers'));
  }
  const memory = await caching('memory', {
    max: MAX_ANSWERS,
    maxSize: MAX_BYTES,
    ttl: DEFAULT_TTL_MS,
    sizeCalculation: (value: unknown) => 1 + (value as KeptAnswer).body.length,
    // The defaults deep-copy every value, and arm a timer for each.
    shouldCloneBeforeSet: false,
    ttlAutopurge: false,
  });
  return new MemoryAnswerStore(memory);
}

class MemoryAnswerStore extends AnswerStore {
  constructor(private readonly cache: Cache) {
    super();
  }

  override read(key: string): Promise<KeptAnswer | undefined> {
    return this.cache.get<KeptAnswer>(key);
  }

  override write(key: string, answer: KeptAnswer, ttlMs: number): Promise<void> {
    return this.cache.set(key, answer, ttlMs);
  }
}

/** Sealed, so that whoever can write to Redis cannot put an answer of their own before a clinician. */
class RedisAnswerStore extends AnswerStore {
  constructor(
    private readonly cache: Cache,
    private readonly redis: SharedRedis,
    private readonly seal: AnswerSeal,
  ) {
    super();
  }

  override async read(key: string): Promise<KeptAnswer | undefined> {
    if (!this.redis.available) return undefined;
    const text = await this.redis.ask(() => this.cache.get<unknown>(PREFIX + key));
    if (typeof text !== 'string') return undefined;
    const { head, body } = this.seal.open(text, key);
    return { ...(head as Omit<KeptAnswer, 'body'>), body };
  }

  override async write(key: string, { body, ...head }: KeptAnswer, ttlMs: number): Promise<void> {
    if (!this.redis.available) return;
    const text = this.seal.seal({ head, body }, key);
    await this.redis.ask(() => this.cache.set(PREFIX + key, text, ttlMs));
  }
}

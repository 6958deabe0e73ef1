import type { Clock } from '../../kernel/clock.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { AnswerSeal } from '../recording/answer-seal.js';
import type { IdempotencyStore } from './idempotency.store.js';
import { MemoryIdempotencyStore } from './memory-idempotency.store.js';
import { RedisIdempotencyStore } from './redis-idempotency.store.js';

/** Redis's records where a Redis is configured, reachable or not: a local record would not bind other instances. */
export function openIdempotencyStore(redis: SharedRedis, clock: Clock, secret: string): IdempotencyStore {
  return redis.client === undefined
    ? new MemoryIdempotencyStore(clock)
    : new RedisIdempotencyStore(redis, new AnswerSeal(secret, 'genoflow idempotency answers'));
}

import type { ThrottlerStorage } from '@nestjs/throttler';
import type { BucketStore } from './bucket-store.js';
import { policyFromThrottler } from './limit-policies.js';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/**
 * Our buckets behind @nestjs/throttler's storage port, so that its own guard, put on a route, counts in the same place.
 * Its memory storage keeps a timer for every hit and never forgets a key.
 */
export class BucketThrottlerStorage implements ThrottlerStorage {
  constructor(private readonly store: BucketStore) {}

  async increment(key: string, ttlMs: number, limit: number): Promise<ThrottlerRecord> {
    const take = await this.store.take(`throttler:${key}`, policyFromThrottler(limit, ttlMs));
    return {
      totalHits: take.limit - take.remaining + (take.allowed ? 0 : 1),
      timeToExpire: take.resetSeconds,
      isBlocked: !take.allowed,
      timeToBlockExpire: take.retryAfterSeconds,
    };
  }
}

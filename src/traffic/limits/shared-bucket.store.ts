import type { Clock } from '../../kernel/clock.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { BucketStore, type Draw } from './bucket-store.js';
import { MemoryBucketStore } from './memory-bucket.store.js';
import { RedisBucketStore } from './redis-bucket.store.js';
import type { BucketPolicy, Take } from './token-bucket.js';

/**
 * Redis's buckets where there is a Redis that answers, else this process's own: a limit counted per instance is better
 * than none, and than refusing everybody.
 */
export class SharedBucketStore extends BucketStore {
  readonly #local: MemoryBucketStore;
  readonly #remote: RedisBucketStore;

  constructor(
    private readonly redis: SharedRedis,
    clock: Clock,
  ) {
    super();
    this.#local = new MemoryBucketStore(clock);
    this.#remote = new RedisBucketStore(redis);
  }

  override take(key: string, policy: BucketPolicy): Take | Promise<Take> {
    if (!this.#isShared) return this.#local.take(key, policy);
    return this.#remote.take(key, policy).catch(() => this.#local.take(key, policy));
  }

  override takeAll(draws: readonly Draw[]): readonly Take[] | Promise<readonly Take[]> {
    if (!this.#isShared) return this.#local.takeAll(draws);
    return this.#remote.takeAll(draws).catch(() => this.#local.takeAll(draws));
  }

  get #isShared(): boolean {
    return this.redis.client !== undefined && this.redis.available;
  }
}

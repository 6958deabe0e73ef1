import type { Clock } from '../../kernel/clock.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { BucketStore } from './bucket-store.js';
import { MemoryBucketStore } from './memory-bucket.store.js';
import { RedisBucketStore } from './redis-bucket.store.js';
import type { BucketPolicy, Take } from './token-bucket.js';

/** After a failure Redis is left alone this long, so that a frozen one does not delay every request. */
const PAUSE_AFTER_FAILURE_MS = 1_000;

/**
 * Redis's buckets where there is a Redis that answers, else this process's own: a limit counted per instance is better
 * than none, and than refusing everybody. The way back needs no one: Redis is asked again after the pause.
 */
export class SharedBucketStore extends BucketStore {
  readonly #local: MemoryBucketStore;
  #remote: RedisBucketStore | undefined;
  #pausedUntil = -Infinity;

  constructor(
    private readonly redis: SharedRedis,
    private readonly clock: Clock,
  ) {
    super();
    this.#local = new MemoryBucketStore(clock);
  }

  override take(key: string, policy: BucketPolicy): Take | Promise<Take> {
    const { client } = this.redis;
    if (client === undefined || !this.redis.available || this.clock.monotonic() < this.#pausedUntil)
      return this.#local.take(key, policy);
    this.#remote ??= new RedisBucketStore(client);
    return this.#remote.take(key, policy).catch(() => {
      this.#pausedUntil = this.clock.monotonic() + PAUSE_AFTER_FAILURE_MS;
      return this.#local.take(key, policy);
    });
  }
}

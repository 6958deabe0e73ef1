import type { Clock } from '../../kernel/clock.js';
import { BucketStore, type Draw } from './bucket-store.js';
import { capacityOf, refilled, takeFrom, UNITS_PER_TOKEN, type BucketPolicy, type Take } from './token-bucket.js';

interface Bucket {
  level: number;
  /** Whole monotonic milliseconds of the last refill. */
  at: number;
}

const DEFAULT_MAX_BUCKETS = 100_000;

/**
 * Buckets of this process. Holds at most `maxBuckets` (some 150 bytes each) and forgets the one unused for longest;
 * a forgotten bucket is a full one. No timer: time is looked at when a token is asked for.
 */
export class MemoryBucketStore extends BucketStore {
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    private readonly clock: Clock,
    private readonly maxBuckets = DEFAULT_MAX_BUCKETS,
  ) {
    super();
  }

  get size(): number {
    return this.#buckets.size;
  }

  override take(key: string, policy: BucketPolicy): Take {
    const bucket = this.#touch(key, policy);
    const allowed = bucket.level >= UNITS_PER_TOKEN;
    if (allowed) bucket.level -= UNITS_PER_TOKEN;
    return takeFrom(allowed, bucket.level, policy);
  }

  override takeAll(draws: readonly Draw[]): readonly Take[] {
    const buckets = draws.map(({ key, policy }) => this.#touch(key, policy));
    const isOpen = buckets.every(({ level }) => level >= UNITS_PER_TOKEN);
    return buckets.map((bucket, index) => {
      const { policy } = draws[index] as Draw;
      const allowed = bucket.level >= UNITS_PER_TOKEN;
      if (isOpen) bucket.level -= UNITS_PER_TOKEN;
      return takeFrom(allowed, bucket.level, policy);
    });
  }

  /** Puts a token back that turned out not to be owed. */
  giveBack(key: string, policy: BucketPolicy): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.level = Math.min(capacityOf(policy), bucket.level + UNITS_PER_TOKEN);
  }

  #touch(key: string, policy: BucketPolicy): Bucket {
    const now = Math.floor(this.clock.monotonic());
    const known = this.#buckets.get(key);
    if (known === undefined) return this.#add(key, { level: capacityOf(policy), at: now });
    known.level = refilled(known.level, now - known.at, policy);
    known.at = Math.max(known.at, now);
    // A Map keeps insertion order: re-inserting makes its first key the least recently used one.
    this.#buckets.delete(key);
    this.#buckets.set(key, known);
    return known;
  }

  #add(key: string, bucket: Bucket): Bucket {
    if (this.#buckets.size >= this.maxBuckets) {
      const oldest = this.#buckets.keys().next();
      if (oldest.done !== true) this.#buckets.delete(oldest.value);
    }
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

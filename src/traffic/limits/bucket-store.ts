import type { BucketPolicy, Take } from './token-bucket.js';

/** A bucket that one token is asked of. */
export interface Draw {
  readonly key: string;
  readonly policy: BucketPolicy;
}

/** Where buckets live. A store that answers at once returns the value itself, so that no promise is paid for. */
export abstract class BucketStore {
  abstract take(key: string, policy: BucketPolicy): Take | Promise<Take>;
  /**
   * Takes a token from every bucket, or from none where one is empty: a refused request costs nothing. The keys must
   * share what stands between braces in them, which is what Redis Cluster places a key by.
   */
  abstract takeAll(draws: readonly Draw[]): readonly Take[] | Promise<readonly Take[]>;
}

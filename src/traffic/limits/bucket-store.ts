import type { BucketPolicy, Take } from './token-bucket.js';

/** Where buckets live. A store that answers at once returns the value itself, so that no promise is paid for. */
export abstract class BucketStore {
  abstract take(key: string, policy: BucketPolicy): Take | Promise<Take>;
}

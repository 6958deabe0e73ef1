import type { BucketPolicy, Take } from './token-bucket.js';

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, structured fields of RFC 9651). A token
 * bucket has no window of its own; the one that tells the truth is the time in which an empty bucket fills: q tokens
 * in w seconds is exactly its rate.
 */
export class RateLimitFields {
  readonly #policy: string;

  constructor(
    private readonly name: string,
    policy: BucketPolicy,
  ) {
    const windowSeconds = Math.max(1, Math.round((policy.burst * 60) / policy.ratePerMinute));
    this.#policy = `"${name}";q=${policy.burst};w=${windowSeconds}`;
  }

  /** `t` is when the quota is whole again; of a refusal, when Retry-After says, as the draft's section 4 asks. */
  addTo(fields: string[], take: Take): void {
    const seconds = take.allowed ? take.resetSeconds : take.retryAfterSeconds;
    fields.push('RateLimit-Policy', this.#policy, 'RateLimit', `"${this.name}";r=${take.remaining};t=${seconds}`);
  }
}

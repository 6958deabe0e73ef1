import type { BucketPolicy, Take } from './token-bucket.js';

/**
 * A bucket's policy and how an answer tells of it, as members of `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-10, lists of RFC 9651). A token bucket has no window of its own; the one that
 * tells the truth is the time in which an empty bucket fills: q tokens in w seconds is exactly its rate.
 */
export class ToldPolicy {
  /** The member of RateLimit-Policy. */
  readonly text: string;

  constructor(
    private readonly name: string,
    readonly bucket: BucketPolicy,
  ) {
    const windowSeconds = Math.max(1, Math.round((bucket.burst * 60) / bucket.ratePerMinute));
    this.text = `"${name}";q=${bucket.burst};w=${windowSeconds}`;
  }

  /** The member of RateLimit. `t` is when the quota is whole again; of a refusal, when Retry-After says, as the draft's section 4 asks. */
  stateAfter(take: Take): string {
    return `"${this.name}";r=${take.remaining};t=${take.allowed ? take.resetSeconds : take.retryAfterSeconds}`;
  }
}

export function addRateLimitFields(fields: string[], policies: string, states: string): void {
  fields.push('RateLimit-Policy', policies, 'RateLimit', states);
}

/**
 * A bucket of `burst` tokens that refills at `ratePerMinute`; a request takes one. Both are whole and positive.
 */
export interface BucketPolicy {
  readonly ratePerMinute: number;
  readonly burst: number;
}

/** What became of one request for a token. */
export interface Take {
  readonly allowed: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** The bucket's size. */
  readonly limit: number;
  /** Whole seconds until a token is there; 0 when this request got one. */
  readonly retryAfterSeconds: number;
  /** Whole seconds until the bucket is full again. */
  readonly resetSeconds: number;
}

/**
 * Levels are counted in units of 1/60,000 token: a millisecond adds `ratePerMinute` units, so that all arithmetic is
 * on whole numbers and neither store can drift from the other by rounding.
 */
export const UNITS_PER_TOKEN = 60_000;

export const capacityOf = (policy: BucketPolicy): number => policy.burst * UNITS_PER_TOKEN;

/** The level after `elapsedMs` (whole; a clock that ran backwards adds nothing). */
export function refilled(level: number, elapsedMs: number, policy: BucketPolicy): number {
  const capacity = capacityOf(policy);
  if (elapsedMs <= 0) return Math.min(level, capacity);
  return Math.min(capacity, level + elapsedMs * policy.ratePerMinute);
}

/** Describes a bucket whose level is `level` after the request was decided. */
export function takeFrom(allowed: boolean, level: number, policy: BucketPolicy): Take {
  const unitsPerSecond = policy.ratePerMinute * 1000;
  return {
    allowed,
    remaining: Math.floor(level / UNITS_PER_TOKEN),
    limit: policy.burst,
    retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil((UNITS_PER_TOKEN - level) / unitsPerSecond)),
    resetSeconds: Math.ceil((capacityOf(policy) - level) / unitsPerSecond),
  };
}

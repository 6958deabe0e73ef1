import type { RateAllowance } from '../../kernel/config/settings.js';
import type { BucketPolicy } from './token-bucket.js';

/**
 * An address may fail this many times faster than a caller may call. It bounds what the unauthenticated cost: a proven
 * caller's request gives its token back, so that a laboratory behind one address is not one caller.
 */
const ADDRESS_FACTOR = 10;

export const addressPolicy = ({ ratePerMinute, burst }: RateAllowance): BucketPolicy => ({
  ratePerMinute: ratePerMinute * ADDRESS_FACTOR,
  burst: burst * ADDRESS_FACTOR,
});

/**
 * Logins an address may try, right ones too: what it may make the auth service hash. Wide enough for a laboratory behind
 * one address that comes to work; wrong passwords are counted by LoginGuesses.
 */
export const LOGIN_POLICY: BucketPolicy = { ratePerMinute: 300, burst: 300 };

/** A bucket said in @nestjs/throttler's words: `limit` requests in the `ttl` (ms) that an empty bucket takes to fill. */
export const throttlerOptionsOf = (policy: BucketPolicy): { limit: number; ttl: number } => ({
  limit: policy.burst,
  ttl: Math.max(1, Math.round((policy.burst * 60_000) / policy.ratePerMinute)),
});

/** The other way round, for `@Throttle({ default: { limit, ttl } })` on a route. */
export const policyFromThrottler = (limit: number, ttlMs: number): BucketPolicy => ({
  ratePerMinute: Math.max(1, Math.round((limit * 60_000) / ttlMs)),
  burst: limit,
});

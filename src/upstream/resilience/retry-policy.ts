const MAX_RETRIES = 2;
const DEPOSIT_PER_CALL = 0.2;
const FLOOR_PER_SECOND = 1;
const MAX_BALANCE = 20;
const BASE_BACKOFF_MS = 25;
const MAX_BACKOFF_MS = 500;
const MAX_RETRY_AFTER_MS = 2_000;

/**
 * Says whether and when a failed attempt is followed by another. The budget keeps retries to a fifth of the calls (and
 * one a second, so that a quiet service may retry too): a service that fails for everybody is not hit thrice as hard.
 */
export class RetryPolicy {
  #balance = MAX_BALANCE / 2;
  #toppedUpAt = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Every call pays in. */
  deposit(): void {
    this.#balance = Math.min(MAX_BALANCE, this.#balance + DEPOSIT_PER_CALL);
  }

  /**
   * Milliseconds to wait before the next attempt, undefined for none; a number takes one retry from the budget.
   * `leftMs` is the time until the call's deadline, `retryAfterMs` what the service asked for.
   */
  delayAfter(attempt: number, leftMs: number, retryAfterMs: number | undefined, now: number): number | undefined {
    if (attempt > MAX_RETRIES || (retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return undefined;
    const backoffMs = this.random() * Math.min(MAX_BACKOFF_MS, BASE_BACKOFF_MS * 2 ** attempt);
    const delayMs = Math.max(backoffMs, retryAfterMs ?? 0);
    if (delayMs >= leftMs || !this.#withdraw(now)) return undefined;
    return delayMs;
  }

  #withdraw(now: number): boolean {
    const seconds = Math.max(0, now - this.#toppedUpAt) / 1_000;
    this.#toppedUpAt = now;
    this.#balance = Math.min(MAX_BALANCE, this.#balance + seconds * FLOOR_PER_SECOND);
    if (this.#balance < 1) return false;
    this.#balance -= 1;
    return true;
  }
}

/** Retry-After (RFC 9110 section 10.2.3) in milliseconds; undefined if absent or not understood. */
export function retryAfterMs(value: string | undefined, wallNow: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallNow);
}

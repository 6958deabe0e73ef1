import type { Clock } from '../kernel/clock.js';

const PER_MINUTE = 600;
const MINUTE_MS = 60_000;

/**
 * Refusals of callers without an identity that are recorded one by one: whoever floods must not fill the disk. The
 * others are counted, and the count is recorded with the next minute's first.
 */
export class AnonymousBudget {
  #minute = -1;
  #used = 0;
  #suppressed = 0;

  constructor(private readonly clock: Clock) {}

  /** Whether to record this one, and how many of the minutes before went unrecorded. */
  take(): { granted: boolean; suppressed: number } {
    const minute = Math.floor(this.clock.monotonic() / MINUTE_MS);
    let suppressed = 0;
    if (minute !== this.#minute) {
      suppressed = this.#suppressed;
      this.#minute = minute;
      this.#used = 0;
      this.#suppressed = 0;
    }
    this.#used += 1;
    const granted = this.#used <= PER_MINUTE;
    if (!granted) this.#suppressed += 1;
    return { granted, suppressed };
  }
}

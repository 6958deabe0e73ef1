const BUCKETS = 10;

/** Counts of the last `windowMs`, kept in ten buckets; old ones are forgotten as time is told to it. */
export class RollingWindow {
  readonly #calls = new Uint32Array(BUCKETS);
  readonly #failures = new Uint32Array(BUCKETS);
  readonly #bucketMs: number;
  #slot = 0;

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  record(failed: boolean, now: number): void {
    this.#moveTo(now);
    const index = this.#slot % BUCKETS;
    this.#calls[index] = (this.#calls[index] ?? 0) + 1;
    if (failed) this.#failures[index] = (this.#failures[index] ?? 0) + 1;
  }

  /** Calls and failures as of the last record. */
  totals(): { calls: number; failures: number } {
    let calls = 0;
    let failures = 0;
    for (let i = 0; i < BUCKETS; i++) {
      calls += this.#calls[i] ?? 0;
      failures += this.#failures[i] ?? 0;
    }
    return { calls, failures };
  }

  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
  }

  #moveTo(now: number): void {
    const slot = Math.floor(now / this.#bucketMs);
    if (slot - this.#slot >= BUCKETS) this.clear();
    else {
      for (let passed = this.#slot + 1; passed <= slot; passed++) {
        this.#calls[passed % BUCKETS] = 0;
        this.#failures[passed % BUCKETS] = 0;
      }
    }
    if (slot > this.#slot) this.#slot = slot;
  }
}

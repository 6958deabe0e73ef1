import { Clock } from '../../src/kernel/clock.js';

/** A clock that stands still until it is told to go on. Milliseconds. */
export class ManualClock extends Clock {
  #elapsed = 0;

  constructor(private readonly start = Date.UTC(2026, 0, 1)) {
    super();
  }

  override now(): number {
    return this.start + this.#elapsed;
  }

  override monotonic(): number {
    return this.#elapsed;
  }

  advance(milliseconds: number): void {
    this.#elapsed += milliseconds;
  }
}

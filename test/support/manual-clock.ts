import { Clock } from '../../src/kernel/clock.js';

/** A clock that stands still until it is told to move. */
export class ManualClock extends Clock {
  constructor(private ms = 1_000_000) {
    super();
  }

  override now(): number {
    return this.ms;
  }

  override monotonic(): number {
    return this.ms;
  }

  advance(ms: number): void {
    this.ms += ms;
  }
}

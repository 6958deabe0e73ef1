/** The only reader of time. Tests replace it; nothing else calls `Date.now` or `performance.now`. */
export abstract class Clock {
  /** Wall time in milliseconds since the Unix epoch. */
  abstract now(): number;
  /** Milliseconds from an arbitrary origin that never runs backwards; for durations. */
  abstract monotonic(): number;
}

export class SystemClock extends Clock {
  override now(): number {
    return Date.now();
  }

  override monotonic(): number {
    return performance.now();
  }
}

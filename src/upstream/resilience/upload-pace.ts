import type { Clock } from '../../kernel/clock.js';
import type { Deadline, DeadlineWheel } from './deadline-wheel.js';

export interface PaceOptions {
  /** Least average over a window; 0 asks for nothing. */
  readonly minBytesPerSecond: number;
  /** Milliseconds; also the grace at the start. */
  readonly windowMs: number;
}

/**
 * Holds the client of an upload to a least pace. Only time spent waiting for the client is measured: a service that
 * takes nothing slows nobody's pace. Judged once for each window of such time.
 */
export class UploadPace implements Deadline {
  expiresAt = 0;
  #bytes = 0;
  #waitedMs = 0;
  #waitingSince: number | undefined;

  constructor(
    private readonly options: PaceOptions,
    private readonly clock: Clock,
    private readonly wheel: DeadlineWheel,
    private readonly onTooSlow: () => void,
  ) {}

  /** The body is there to be sent: the client's time begins. */
  begin(): void {
    if (this.options.minBytesPerSecond === 0) return;
    this.wait();
    this.#watch();
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The client is waited for from here on. */
  wait(): void {
    this.#waitingSince ??= this.clock.monotonic();
  }

  /** The client has to wait for the service. */
  hold(): void {
    if (this.#waitingSince === undefined) return;
    this.#waitedMs += this.clock.monotonic() - this.#waitingSince;
    this.#waitingSince = undefined;
  }

  end(): void {
    this.wheel.release(this);
  }

  expire(): void {
    const { minBytesPerSecond, windowMs } = this.options;
    if (this.#waitingSince !== undefined) {
      this.hold();
      this.wait();
    }
    if (this.#waitedMs >= windowMs) {
      if (this.#bytes * 1_000 < minBytesPerSecond * this.#waitedMs) {
        this.onTooSlow();
        return;
      }
      this.#bytes = 0;
      this.#waitedMs = 0;
    }
    this.#watch();
  }

  #watch(): void {
    this.expiresAt = this.clock.monotonic() + this.options.windowMs - this.#waitedMs;
    this.wheel.watch(this);
  }
}

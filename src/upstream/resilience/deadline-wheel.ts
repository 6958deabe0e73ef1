import type { Clock } from '../../kernel/clock.js';

const TICK_MS = 25;

/** Something that ends at a time; `expiresAt` (monotonic milliseconds) may be moved while it is on the wheel. */
export interface Deadline {
  expiresAt: number;
  /** Called once, off the wheel already. */
  expire(): void;
}

/**
 * One coarse timer for all deadlines: a timer for each request would cost more than the rest of its bookkeeping. A
 * deadline is noticed up to 25 ms late. The timer runs only while there is something to watch and keeps no process up.
 */
export class DeadlineWheel {
  readonly #watched = new Set<Deadline>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly clock: Clock) {}

  watch(deadline: Deadline): void {
    this.#watched.add(deadline);
    this.#timer ??= setInterval(() => {
      this.turn();
    }, TICK_MS).unref();
  }

  release(deadline: Deadline): void {
    this.#watched.delete(deadline);
  }

  /** Expires what is due; called by the timer, and by tests. */
  turn(): void {
    const now = this.clock.monotonic();
    for (const deadline of this.#watched) {
      if (deadline.expiresAt > now) continue;
      this.#watched.delete(deadline);
      deadline.expire();
    }
    if (this.#watched.size === 0) this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

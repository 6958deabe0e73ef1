import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import type { HangUp } from '../../kernel/hang-up.js';
import type { Deadline, DeadlineWheel } from './deadline-wheel.js';

/** What a call is doing at the moment, and how to make it stop. */
export interface Cancellable {
  cancel(code: ErrorCode): void;
}

/**
 * The time one call has and the client it is for, over all attempts: whatever is under way when the deadline passes or
 * the client goes is told to stop.
 */
export class CallScope implements Deadline {
  expiresAt: number;
  current: Cancellable | undefined;
  #endedBy: ErrorCode | undefined;
  readonly #onHangUp: (() => void) | undefined;

  constructor(
    private readonly wheel: DeadlineWheel,
    private readonly hangUp: HangUp | undefined,
    readonly startedAt: number,
    readonly timeoutMs: number,
  ) {
    this.expiresAt = startedAt + timeoutMs;
    wheel.watch(this);
    if (hangUp === undefined) return;
    this.#onHangUp = () => {
      this.end('client_gone');
    };
    hangUp.listen(this.#onHangUp);
  }

  /** Why the call must go no further; undefined while it may. */
  get endedBy(): ErrorCode | undefined {
    return this.#endedBy;
  }

  leftMs(now: number): number {
    return this.expiresAt - now;
  }

  expire(): void {
    this.end('upstream_timeout');
  }

  /** Stops whatever is under way; there will be nothing more of this call. */
  end(code: ErrorCode): void {
    this.#endedBy ??= code;
    this.current?.cancel(code);
  }

  close(): void {
    this.wheel.release(this);
    if (this.#onHangUp !== undefined) this.hangUp?.unlisten(this.#onHangUp);
  }
}

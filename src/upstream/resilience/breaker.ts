import { RollingWindow } from './rolling-window.js';

type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'half-open'; readonly probing: boolean };

export interface BreakerOptions {
  /** How long it stays open, in milliseconds. */
  readonly openMs: number;
  /** Connection-level failures in a row that open it. */
  readonly consecutive: number;
  /** Share of failed calls in the window, 0..1, that opens it. */
  readonly ratio: number;
  /** Calls the window must hold before the share counts. */
  readonly minCalls: number;
  readonly windowMs: number;
}

export const BREAKER_DEFAULTS = { consecutive: 5, ratio: 0.5, minCalls: 20, windowMs: 10_000 } as const;

/**
 * Keeps calls from an endpoint that fails. Two measures trip it: failures of the connection in a row (a dead host shows
 * at once), and the share of failed calls (a sick one shows by volume; a few poisoned requests do not). After `openMs`
 * one call is let through, whose outcome decides. All times are monotonic milliseconds given by the caller.
 */
export class Breaker {
  #state: State = { kind: 'closed' };
  #inARow = 0;
  readonly #window: RollingWindow;

  constructor(
    private readonly options: BreakerOptions,
    private readonly onChange: (state: State['kind']) => void,
  ) {
    this.#window = new RollingWindow(options.windowMs);
  }

  get kind(): State['kind'] {
    return this.#state.kind;
  }

  /** Whether `enter` would let a call through; changes nothing. */
  admits(now: number): boolean {
    switch (this.#state.kind) {
      case 'closed':
        return true;
      case 'open':
        return now >= this.#state.until;
      case 'half-open':
        return !this.#state.probing;
    }
  }

  /** Milliseconds until it lets a call through; 0 if it does now. */
  opensIn(now: number): number {
    return this.#state.kind === 'open' ? Math.max(0, this.#state.until - now) : 0;
  }

  /** Takes note that a call goes out; to be followed by one of `succeeded`, `failed` and `forgiven`; an answer that breaks off succeeded first and failed then. */
  enter(): void {
    if (this.#state.kind !== 'closed') this.#become({ kind: 'half-open', probing: true });
  }

  /** The head of a sound answer came, which is enough to let other calls through. */
  succeeded(now: number): void {
    if (this.#state.kind === 'closed') this.#window.record(false, now);
    else if (this.#state.kind === 'half-open') {
      this.#window.clear();
      this.#become({ kind: 'closed' });
    }
  }

  /** A sound answer came whole: no failure of the connection is followed by the next one. */
  completed(): void {
    this.#inARow = 0;
  }

  /** `connection`: no answer came at all, as opposed to an answer that tells of a failure. */
  failed(connection: boolean, now: number): void {
    if (connection) this.#inARow += 1;
    else this.#inARow = 0;
    if (this.#state.kind === 'closed') {
      this.#window.record(true, now);
      if (this.#tripped()) this.#open(now);
    } else if (this.#state.kind === 'half-open') this.#open(now);
  }

  /** The call ended without telling anything of the endpoint (the client went). */
  forgiven(): void {
    if (this.#state.kind === 'half-open') this.#state = { kind: 'half-open', probing: false };
  }

  #tripped(): boolean {
    if (this.#inARow >= this.options.consecutive) return true;
    const { calls, failures } = this.#window.totals();
    return calls >= this.options.minCalls && failures / calls >= this.options.ratio;
  }

  #open(now: number): void {
    this.#inARow = 0;
    this.#become({ kind: 'open', until: now + this.options.openMs });
  }

  #become(state: State): void {
    const changed = state.kind !== this.#state.kind;
    this.#state = state;
    if (changed) this.onChange(state.kind);
  }
}

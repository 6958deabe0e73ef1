import type { Clock } from '../../kernel/clock.js';
import type { GuessStore } from './guess-store.js';

const MAX_OWED = 10_000;
const AT_ONCE = 50;
const TELL_AGAIN_MS = 500;

interface Owed {
  readonly key: string;
  readonly id: string;
  /** Monotonic milliseconds; the guess does not count any longer then in any case. */
  readonly until: number;
}

/**
 * Guesses that do not count any more, though the store could not be told so: it is told again until it knows. Without
 * that a store that fails now and then would lock out users whose every password was right.
 */
export class OwedWithdrawals {
  #owed: Owed[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: GuessStore,
    private readonly clock: Clock,
  ) {}

  add(key: string, id: string, windowMs: number): void {
    if (this.#owed.length < MAX_OWED) this.#owed.push({ key, id, until: this.clock.monotonic() + windowMs });
    this.#tellLater();
  }

  #tellLater(): void {
    if (this.#owed.length === 0) return;
    this.#timer ??= setTimeout(() => void this.#tellAll(), TELL_AGAIN_MS).unref();
  }

  /** Goes on for as long as the store takes what it is told. */
  async #tellAll(): Promise<void> {
    let isTaken = true;
    while (isTaken && this.#owed.length > 0) {
      const told = await Promise.all(this.#owed.splice(0, AT_ONCE).map((owed) => this.#tell(owed)));
      isTaken = told.every(Boolean);
    }
    this.#timer = undefined;
    this.#tellLater();
  }

  async #tell(owed: Owed): Promise<boolean> {
    try {
      await this.store.decide(owed.key, owed.id, 'withdrawn');
      return true;
    } catch {
      if (owed.until > this.clock.monotonic()) this.#owed.push(owed);
      return false;
    }
  }
}

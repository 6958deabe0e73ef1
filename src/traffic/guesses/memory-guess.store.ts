import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import { GuessStore, UNDECIDED_MS, type Admission, type GuessPolicy, type Verdict } from './guess-store.js';

interface Guess {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly isWrong: boolean;
}

const MAX_KEYS = 100_000;

/** Guesses at this process; those counted longest ago give way when there are too many keys. */
export class MemoryGuessStore extends GuessStore {
  readonly #byKey: LRUCache<string, Map<string, Guess>>;

  constructor(
    private readonly clock: Clock,
    maxKeys = MAX_KEYS,
  ) {
    super();
    this.#byKey = new LRUCache({ max: maxKeys });
  }

  override begin(key: string, id: string, { most, windowMs }: GuessPolicy): Promise<Admission> {
    const now = this.clock.monotonic();
    const guesses = this.#byKey.get(key) ?? new Map<string, Guess>();
    for (const [old, { at }] of guesses) if (at <= now - windowMs) guesses.delete(old);
    if (guesses.size < most) {
      this.#byKey.set(key, guesses.set(id, { at: now, isWrong: false }));
      return Promise.resolve({ kind: 'admitted' });
    }
    const counted = [...guesses.values()];
    if (counted.some((guess) => isUndecided(guess, now))) return Promise.resolve({ kind: 'wait' });
    const oldest = Math.min(...counted.map(({ at }) => at));
    return Promise.resolve({ kind: 'refused', retryAfterMs: oldest + windowMs - now });
  }

  override decide(key: string, id: string, verdict: Verdict): Promise<void> {
    const guesses = this.#byKey.get(key);
    const guess = guesses?.get(id);
    if (guesses === undefined || guess === undefined || guess.isWrong) return Promise.resolve();
    if (verdict === 'wrong') guesses.set(id, { ...guess, isWrong: true });
    else guesses.delete(id);
    if (verdict === 'right') this.#forgive(guesses);
    if (guesses.size === 0) this.#byKey.delete(key);
    return Promise.resolve();
  }

  #forgive(guesses: Map<string, Guess>): void {
    const now = this.clock.monotonic();
    for (const [id, guess] of guesses) if (!isUndecided(guess, now)) guesses.delete(id);
  }
}

const isUndecided = ({ at, isWrong }: Guess, now: number): boolean => !isWrong && at > now - UNDECIDED_MS;

/** At most `most` guesses that are wrong, or not known to be right, in any `windowMs`. */
export interface GuessPolicy {
  readonly most: number;
  readonly windowMs: number;
}

/** `wait`: the last places are taken by guesses that are still being checked; ask again when one of them is decided. */
export type Admission =
  { readonly kind: 'admitted' | 'wait' } | { readonly kind: 'refused'; readonly retryAfterMs: number };

/**
 * `wrong`: stays counted until its window has passed. `withdrawn`: does not count any more. `right`: neither it nor the
 * wrong ones before it count any more.
 */
export type Verdict = 'wrong' | 'withdrawn' | 'right';

/** A guess without a verdict for this long is taken for a wrong one: whoever checked it is gone. Milliseconds. */
export const UNDECIDED_MS = 15_000;

/** Where guesses are counted. Rejects where that cannot be done. */
export abstract class GuessStore {
  /** Counts a guess before it is checked, so that any number of parallel ones is no more than its policy allows. */
  abstract begin(key: string, id: string, policy: GuessPolicy): Promise<Admission>;
  abstract decide(key: string, id: string, verdict: Verdict): Promise<void>;
}

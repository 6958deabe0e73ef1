import type { RecordedAnswer } from '../recording/recorded-answer.js';

/** A request under an idempotency key: being worked on by `owner`, or answered. */
export type IdempotencyEntry =
  | { readonly state: 'running'; readonly fingerprint: string; readonly owner: string }
  | { readonly state: 'done'; readonly fingerprint: string; readonly answer: RecordedAnswer };

export type RunningEntry = Extract<IdempotencyEntry, { state: 'running' }>;
export type DoneEntry = Extract<IdempotencyEntry, { state: 'done' }>;

/**
 * Keeps the entries. Only the owner of a running entry may finish or release it: a claim that outlived its time must
 * not overwrite the one that followed. Rejects with the store's own error when it cannot be reached.
 */
export abstract class IdempotencyStore {
  /** Enters `entry` for `ttlMs` where there is none; returns the one that is in its way. */
  abstract claim(
    key: string,
    entry: RunningEntry,
    ttlMs: number,
  ): IdempotencyEntry | undefined | Promise<IdempotencyEntry | undefined>;
  /** Gives a running entry another `ttlMs` from now. */
  abstract renew(key: string, running: RunningEntry, ttlMs: number): void | Promise<void>;
  abstract finish(key: string, running: RunningEntry, done: DoneEntry, ttlMs: number): void | Promise<void>;
  abstract release(key: string, running: RunningEntry): void | Promise<void>;
  abstract close(): void;
}

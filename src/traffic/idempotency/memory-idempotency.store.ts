import type { Clock } from '../../kernel/clock.js';
import { IdempotencyStore, type DoneEntry, type IdempotencyEntry, type RunningEntry } from './idempotency.store.js';

export interface MemoryIdempotencyBounds {
  readonly maxEntries: number;
  /** Of the answers' bodies and fields together. */
  readonly maxBytes: number;
}

interface Kept<Entry> {
  readonly entry: Entry;
  readonly expiresAt: number;
  readonly bytes: number;
}

const DEFAULT_BOUNDS: MemoryIdempotencyBounds = { maxEntries: 20_000, maxBytes: 64 * 1_048_576 };

/** Thrown when there is no room for another running request; nothing running is ever forgotten for a new one. */
export class IdempotencyStoreFull extends Error {}

/** Entries of this process. Over its bounds it forgets the oldest answers first. */
export class MemoryIdempotencyStore extends IdempotencyStore {
  readonly #running = new Map<string, Kept<RunningEntry>>();
  readonly #done = new Map<string, Kept<DoneEntry>>();
  #bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly bounds: MemoryIdempotencyBounds = DEFAULT_BOUNDS,
  ) {
    super();
  }

  get size(): number {
    return this.#running.size + this.#done.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  override claim(key: string, entry: RunningEntry, ttlMs: number): IdempotencyEntry | undefined {
    const now = this.clock.monotonic();
    const standing = this.#done.get(key) ?? this.#running.get(key);
    if (standing !== undefined && standing.expiresAt > now) return standing.entry;
    this.#forget(key);
    this.#makeRoom(now);
    this.#running.set(key, { entry, expiresAt: now + ttlMs, bytes: 0 });
    return undefined;
  }

  override renew(key: string, running: RunningEntry, ttlMs: number): void {
    const kept = this.#running.get(key);
    if (kept?.entry.owner !== running.owner) return;
    this.#running.set(key, { ...kept, expiresAt: this.clock.monotonic() + ttlMs });
  }

  override finish(key: string, running: RunningEntry, done: DoneEntry, ttlMs: number): void {
    if (!this.#owns(key, running)) return;
    this.#running.delete(key);
    const bytes = done.answer.body.length + done.answer.fields.reduce((sum, part) => sum + part.length, 0);
    this.#done.set(key, { entry: done, expiresAt: this.clock.monotonic() + ttlMs, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.bounds.maxBytes) this.#forgetOldestAnswer();
  }

  override release(key: string, running: RunningEntry): void {
    if (this.#owns(key, running)) this.#running.delete(key);
  }

  override close(): void {
    this.#running.clear();
    this.#done.clear();
    this.#bytes = 0;
  }

  #owns(key: string, running: RunningEntry): boolean {
    return this.#running.get(key)?.entry.owner === running.owner;
  }

  #makeRoom(now: number): void {
    for (const [key, kept] of this.#done) {
      if (kept.expiresAt > now) break;
      this.#forget(key);
    }
    if (this.size < this.bounds.maxEntries) return;
    for (const [key, kept] of this.#running) if (kept.expiresAt <= now) this.#running.delete(key);
    if (this.size >= this.bounds.maxEntries && this.#done.size > 0) this.#forgetOldestAnswer();
    if (this.size >= this.bounds.maxEntries) throw new IdempotencyStoreFull('too many requests are running');
  }

  #forgetOldestAnswer(): void {
    const oldest = this.#done.keys().next();
    if (oldest.done !== true) this.#forget(oldest.value);
  }

  #forget(key: string): void {
    this.#running.delete(key);
    this.#bytes -= this.#done.get(key)?.bytes ?? 0;
    this.#done.delete(key);
  }
}

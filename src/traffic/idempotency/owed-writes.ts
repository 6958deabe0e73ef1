import { isRefusal } from '../../state/store-answer.js';

const RETRY_MS = 1_000;
/** Of a write that the store refuses though it is there. */
const MAX_TRIES = 60;

export interface OwedWritesBounds {
  readonly maxWrites: number;
  /** Of what the writes hold in memory, together. */
  readonly maxBytes: number;
}

const DEFAULT_BOUNDS: OwedWritesBounds = { maxWrites: 1_000, maxBytes: 16 * 1_048_576 };

interface OwedWrite {
  readonly write: () => Promise<unknown>;
  readonly bytes: number;
  triesLeft: number;
}

/** Writes that failed and are made up for, in order, once the store takes writes again. Over its bounds it takes no more. */
export class OwedWrites {
  #owed: OwedWrite[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isPaying = false;

  constructor(private readonly bounds: OwedWritesBounds = DEFAULT_BOUNDS) {}

  get size(): number {
    return this.#owed.length;
  }

  add(write: () => Promise<unknown>, bytes = 0): void {
    if (this.#owed.length >= this.bounds.maxWrites || this.#bytes + bytes > this.bounds.maxBytes) return;
    this.#owed.push({ write, bytes, triesLeft: MAX_TRIES });
    this.#bytes += bytes;
    this.#timer ??= setInterval(() => void this.#pay(), RETRY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #pay(): Promise<void> {
    if (this.#isPaying) return;
    this.#isPaying = true;
    for (const owed of [...this.#owed]) {
      const outcome = await attempt(owed.write);
      // While the store is away the rest would fare no better.
      if (outcome === 'unknown') break;
      if (outcome === 'done' || --owed.triesLeft === 0) this.#forget(owed);
    }
    if (this.#owed.length === 0) this.close();
    this.#isPaying = false;
  }

  #forget(owed: OwedWrite): void {
    this.#owed = this.#owed.filter((other) => other !== owed);
    this.#bytes -= owed.bytes;
  }
}

async function attempt(write: () => Promise<unknown>): Promise<'done' | 'refused' | 'unknown'> {
  try {
    await write();
    return 'done';
  } catch (error) {
    return isRefusal(error) ? 'refused' : 'unknown';
  }
}

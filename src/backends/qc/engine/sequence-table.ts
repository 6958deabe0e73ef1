import { randomInt } from 'node:crypto';

/** Distinct sequences FastQC keeps; later ones are not taken in, only those known are counted on. */
export const MAX_DISTINCT = 100_000;
/** Reads longer than this are told apart by their first bases alone. */
const WHOLE_UP_TO = 75;
const KEPT_OF_LONGER = 50;
const SLOTS = 1 << 18;

/** Counts how often each sequence occurs, without making strings: bytes in one block, open addressing over it. */
export class SequenceTable {
  private readonly slots = new Int32Array(SLOTS);
  private readonly hashes = new Int32Array(MAX_DISTINCT);
  private readonly counts = new Float64Array(MAX_DISTINCT);
  private readonly lengths = new Uint8Array(MAX_DISTINCT);
  private keys = Buffer.alloc(1024 * WHOLE_UP_TO);
  // Seeded, so that no file can be made to fall into one slot.
  private readonly seed = randomInt(0x7fffffff);
  /** Distinct sequences kept. */
  distinct = 0;
  /** Reads seen in all, and up to the last one whose sequence was counted before the table was full. */
  total = 0;
  totalAtLimit = 0;

  /** Counts one read; `data` must be upper case there. */
  add(data: Uint8Array, start: number, readLength: number): void {
    this.total += 1;
    const length = readLength > WHOLE_UP_TO ? KEPT_OF_LONGER : readLength;
    const hash = this.hash(data, start, length);
    const full = this.distinct === MAX_DISTINCT;
    let slot = hash & (SLOTS - 1);
    for (;;) {
      const entry = (this.slots[slot] as number) - 1;
      if (entry < 0) {
        if (full) return;
        this.insert(slot, hash, data.subarray(start, start + length));
        break;
      }
      if (this.hashes[entry] === hash && this.holds(entry, data, start, length)) {
        this.counts[entry] = (this.counts[entry] as number) + 1;
        if (full) return;
        break;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.totalAtLimit = this.total;
  }

  count(entry: number): number {
    return this.counts[entry] as number;
  }

  sequence(entry: number): string {
    const from = entry * WHOLE_UP_TO;
    return this.keys.toString('latin1', from, from + (this.lengths[entry] as number));
  }

  private insert(slot: number, hash: number, key: Uint8Array): void {
    const entry = this.distinct;
    const at = entry * WHOLE_UP_TO;
    if (at + WHOLE_UP_TO > this.keys.length) this.keys = Buffer.concat([this.keys], this.keys.length * 2);
    this.keys.set(key, at);
    this.lengths[entry] = key.length;
    this.hashes[entry] = hash;
    this.counts[entry] = 1;
    this.slots[slot] = entry + 1;
    this.distinct += 1;
  }

  private holds(entry: number, data: Uint8Array, start: number, length: number): boolean {
    if (this.lengths[entry] !== length) return false;
    const at = entry * WHOLE_UP_TO;
    for (let i = 0; i < length; i += 1) if (this.keys[at + i] !== data[start + i]) return false;
    return true;
  }

  // Two rounds of multiply and rotate per four letters, in the manner of MurmurHash3.
  private hash(data: Uint8Array, start: number, length: number): number {
    let hash = this.seed ^ length;
    const end = start + length;
    let i = start;
    for (; i + 4 <= end; i += 4) {
      const word =
        (data[i] as number) |
        ((data[i + 1] as number) << 8) |
        ((data[i + 2] as number) << 16) |
        ((data[i + 3] as number) << 24);
      hash = mix(hash, word);
    }
    for (; i < end; i += 1) hash = mix(hash, data[i] as number);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }
}

function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

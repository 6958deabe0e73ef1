import type { Read } from './fastq-batch.js';

const MIN_MATCH = 5;
const BASES_PER_MISMATCH = 8;

/**
 * Finds where a known 3' adapter begins in a read: the leftmost place from which the rest of the read, up to the
 * adapter's length, agrees with it in at least five bases, one of eight being allowed to differ.
 */
export class AdapterTrimmer {
  private readonly adapter: Buffer;

  /** `adapter`: letters of ACGT, either case. */
  constructor(adapter: string) {
    this.adapter = Buffer.from(adapter.toUpperCase(), 'latin1');
  }

  /** The read's length without the adapter. */
  lengthWithout(read: Read): number {
    for (let start = 0; start + MIN_MATCH <= read.length; start += 1) {
      if (this.matchesAt(read, start)) return start;
    }
    return read.length;
  }

  private matchesAt(read: Read, start: number): boolean {
    const { adapter } = this;
    const length = Math.min(adapter.length, read.length - start);
    const from = read.sequence + start;
    let allowed = Math.floor(length / BASES_PER_MISMATCH);
    for (let i = 0; i < length; i += 1) {
      if (((read.data[from + i] as number) & 0xdf) !== adapter[i]) {
        allowed -= 1;
        if (allowed < 0) return false;
      }
    }
    return true;
  }
}

import { COMPLEMENTS } from './base-codes.js';
import type { Read } from './fastq-batch.js';
import { MAX_READ_LENGTH } from './fastq-scanner.js';

/** Shortest overlap believed, in bases: 30 agreeing bases meet by chance about once in 4^25 placements. */
const MIN_OVERLAP = 30;
const MAX_MISMATCHES = 5;
const MISMATCH_SHARE = 5;
const MISMATCH_PENALTY = 4;
const N = 78;

/**
 * Finds the insert of a read pair from the overlap of its mates: read 2, reversed and complemented, is laid over read 1
 * at every offset, with at most five differing bases and never more than one in five. The placement with the most
 * agreement wins; of two equal ones the longer insert, which cuts less.
 */
export class PairOverlap {
  private readonly reverse = Buffer.alloc(MAX_READ_LENGTH);

  /** Length of the insert in bases, or -1 where the mates do not overlap by 30 bases. */
  insertOf(read1: Read, read2: Read): number {
    if (read1.length < MIN_OVERLAP || read2.length < MIN_OVERLAP) return -1;
    this.turn(read2);
    let best = -1;
    let bestScore = 0;
    for (let offset = read1.length - MIN_OVERLAP; offset >= MIN_OVERLAP - read2.length; offset -= 1) {
      const score = this.score(read1, read2.length, offset);
      if (score > bestScore) {
        bestScore = score;
        best = offset + read2.length;
      }
    }
    return best;
  }

  private turn(read2: Read): void {
    const last = read2.sequence + read2.length - 1;
    for (let i = 0; i < read2.length; i += 1) {
      this.reverse[i] = COMPLEMENTS[read2.data[last - i] as number] as number;
    }
  }

  /** Agreement of the placement, or -1 when too many bases differ. */
  private score(read1: Read, length2: number, offset: number): number {
    const { data, sequence } = read1;
    const from = Math.max(0, offset);
    const to = Math.min(read1.length, offset + length2);
    const limit = Math.min(MAX_MISMATCHES, Math.floor((to - from) / MISMATCH_SHARE));
    let mismatches = 0;
    for (let i = from; i < to; i += 1) {
      const base = (data[sequence + i] as number) & 0xdf;
      if (base !== this.reverse[i - offset] || base === N) {
        mismatches += 1;
        if (mismatches > limit) return -1;
      }
    }
    return to - from - MISMATCH_PENALTY * mismatches;
  }
}

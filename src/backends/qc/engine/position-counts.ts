import { BASE_CODES } from '../../fastq/base-codes.js';

const LETTERS = 6;
const LOWEST_QUALITY = 33;
const QUALITIES = 94;
/** Counters of one read position. Not a power of two, lest all positions share the same few cache sets. */
export const POSITION_STRIDE = LETTERS * QUALITIES;

/** By letter, its first counter minus the lowest quality character: add the position's start and the character itself. */
export const LETTER_SLOTS = Int32Array.from(BASE_CODES, (code) => code * QUALITIES - LOWEST_QUALITY);

export const HIGHEST_QUALITY = LOWEST_QUALITY + QUALITIES - 1;
export { LOWEST_QUALITY };

/** How often each letter came with each quality character at each position of the read. */
export class PositionCounts {
  private cells = new Uint32Array(POSITION_STRIDE * 256);
  /** Longest read seen, in bases. */
  length = 0;

  /** The counters, grown to hold a read of this length; valid until the next call. */
  cellsFor(length: number): Uint32Array {
    if (length > this.length) {
      this.length = length;
      const needed = length * POSITION_STRIDE;
      if (needed > this.cells.length) {
        const larger = new Uint32Array(Math.max(needed, this.cells.length * 2));
        larger.set(this.cells);
        this.cells = larger;
      }
    }
    return this.cells;
  }

  /** Reads with letter `code` (see BASE_CODES) at a 0-based position. */
  letterCount(position: number, code: number): number {
    const from = position * POSITION_STRIDE + code * QUALITIES;
    let sum = 0;
    for (let i = from; i < from + QUALITIES; i += 1) sum += this.cells[i] as number;
    return sum;
  }

  /** Reads by quality character (index 0 is character 33) at a 0-based position. */
  qualityCounts(position: number): Float64Array {
    const counts = new Float64Array(QUALITIES);
    const from = position * POSITION_STRIDE;
    for (let i = 0; i < POSITION_STRIDE; i += 1) {
      const quality = i % QUALITIES;
      counts[quality] = (counts[quality] as number) + (this.cells[from + i] as number);
    }
    return counts;
  }
}

import { encodingOf, type QualityEncoding } from './encoding.js';

const LETTERS = 8;
const QUALITIES = 94;

/** The range of quality characters, "!" to "~". */
export const LOWEST_QUALITY = 33;
export const HIGHEST_QUALITY = LOWEST_QUALITY + QUALITIES - 1;

/**
 * Counters of one read position: by quality, then by letter, so that the few common qualities share cache lines. It is
 * an odd number of cache lines, lest all positions compete for the same cache sets.
 */
export const POSITION_STRIDE = LETTERS * QUALITIES;

/** How often each letter came with each quality character at each position of the read. */
export class PositionCounts {
  // Signed, which JavaScript engines add without leaving whole numbers; 2^31 reads are beyond any one file.
  private cells = new Int32Array(POSITION_STRIDE * 256);
  /** Longest read seen, in bases. */
  length = 0;

  /**
   * The counters, grown to hold a read of this length; valid until the next call. A letter of code l (see BASE_CODES)
   * with quality character q at 0-based position p is at `p * POSITION_STRIDE + (q - LOWEST_QUALITY) * 8 + l`.
   */
  cellsFor(length: number): Int32Array {
    if (length > this.length) {
      this.length = length;
      const needed = length * POSITION_STRIDE;
      if (needed > this.cells.length) {
        const larger = new Int32Array(Math.max(needed, this.cells.length * 2));
        larger.set(this.cells);
        this.cells = larger;
      }
    }
    return this.cells;
  }

  /** Reads with letter `code` (see BASE_CODES) at a 0-based position. */
  letterCount(position: number, code: number): number {
    const from = position * POSITION_STRIDE;
    let sum = 0;
    for (let i = code; i < POSITION_STRIDE; i += LETTERS) sum += this.cells[from + i] as number;
    return sum;
  }

  /** Bases by quality character (index 0 is character 33), over all positions. */
  qualityTotals(): Float64Array {
    const totals = new Float64Array(QUALITIES);
    for (let position = 0; position < this.length; position += 1) {
      this.qualityCounts(position).forEach((count, index) => (totals[index] = (totals[index] as number) + count));
    }
    return totals;
  }

  /** As all qualities tell. */
  encoding(): QualityEncoding {
    const totals = this.qualityTotals();
    const lowest = totals.findIndex((count) => count > 0);
    const highest = totals.findLastIndex((count) => count > 0);
    return encodingOf(lowest + LOWEST_QUALITY, highest + LOWEST_QUALITY);
  }

  /** Reads by quality character (index 0 is character 33) at a 0-based position. */
  qualityCounts(position: number): Float64Array {
    const counts = new Float64Array(QUALITIES);
    const from = position * POSITION_STRIDE;
    for (let i = 0; i < POSITION_STRIDE; i += 1) {
      const quality = Math.floor(i / LETTERS);
      counts[quality] = (counts[quality] as number) + (this.cells[from + i] as number);
    }
    return counts;
  }
}

import { BASE_CODES } from '../../fastq/base-codes.js';
import { FastqError } from '../../fastq/fastq-error.js';
import { MAX_READ_LENGTH, type RecordSpan } from '../../fastq/fastq-scanner.js';
import { AdapterCounts, PROBE_MASK, TWO_BITS } from './adapter-counts.js';
import { GcDistribution, gcLength } from './gc-distribution.js';
import { HIGHEST_QUALITY, LOWEST_QUALITY, POSITION_STRIDE, PositionCounts } from './position-counts.js';
import { SequenceTable } from './sequence-table.js';
import { TileCounts } from './tile-counts.js';

const IS_GC = Uint8Array.from(BASE_CODES, (code) => (code === 1 || code === 2 ? 1 : 0));
/** All the inner loop asks of a letter in one look-up: bits 0-2 its code, bit 3 whether G or C, bits 4-5 its two bits. */
const LETTERS = Uint8Array.from(BASE_CODES, (code, letter) => {
  return code | ((IS_GC[letter] as number) << 3) | ((TWO_BITS[letter] as number) << 4);
});
const LOWER_CASE_BIT = 0x20;

/** Everything the modules need from one file, counted in a single pass over each read. */
export class ReadProfile {
  readonly positions = new PositionCounts();
  readonly adapters = new AdapterCounts();
  readonly sequences = new SequenceTable();
  readonly tiles = new TileCounts();
  readonly gc = new GcDistribution();
  /** Reads by length in bases. */
  readonly lengths = new Float64Array(MAX_READ_LENGTH + 1);
  /** Reads by mean quality character, rounded down. */
  readonly meanQualities = new Float64Array(HIGHEST_QUALITY + 1);
  /** Reads seen. */
  reads = 0;

  /** Counts one record; throws FastqError `fastq_malformed` for a quality character outside "!" to "~". */
  readonly add = (data: Buffer, span: RecordSpan): void => {
    const { sequenceStart, qualityStart } = span;
    const length = span.sequenceEnd - sequenceStart;
    this.reads += 1;
    this.adapters.startRead(length);
    this.countBases(data, sequenceStart, qualityStart, length);
    this.lengths[length] = (this.lengths[length] as number) + 1;
    this.sequences.add(data, sequenceStart, length);
    if (this.tiles.takesNext()) this.tiles.add(data, span.headerStart, span.headerEnd, qualityStart, length);
  };

  private countBases(data: Buffer, sequence: number, quality: number, length: number): void {
    const cells = this.positions.cellsFor(length);
    const { probe } = this.adapters;
    // Imported names are looked up anew each time they are used, which costs a fifth of this loop.
    const stride = POSITION_STRIDE;
    const mask = PROBE_MASK;
    const lowest = LOWEST_QUALITY;
    const highest = HIGHEST_QUALITY;
    const letterFacts = LETTERS;
    let position = -lowest * 8;
    let qualitySum = 0;
    let outOfRange = 0;
    let letters = 0;
    let gc = 0;
    let recent = 0;
    for (let i = 0; i < length; i += 1) {
      const letter = data[sequence + i] as number;
      const score = data[quality + i] as number;
      const facts = letterFacts[letter] as number;
      const cell = position + (score << 3) + (facts & 7);
      cells[cell] = ((cells[cell] as number) + 1) | 0;
      position += stride;
      qualitySum += score;
      outOfRange |= (score - lowest) | (highest - score);
      letters |= letter;
      gc += (facts >> 3) & 1;
      recent = ((recent << 2) | (facts >> 4)) & mask;
      if (probe[recent] === 1) this.adapters.verify(data, sequence, i, this.reads);
    }
    if (outOfRange < 0) throw new FastqError('fastq_malformed', this.reads, 'a quality character is out of range');
    if ((letters & LOWER_CASE_BIT) !== 0) toUpperCase(data, sequence, length);
    this.countGc(data, sequence, length, gc);
    if (length > 0) {
      const mean = Math.floor(qualitySum / length);
      this.meanQualities[mean] = (this.meanQualities[mean] as number) + 1;
    }
  }

  private countGc(data: Buffer, sequence: number, length: number, gcOfAll: number): void {
    const counted = gcLength(length);
    let gc = gcOfAll;
    for (let i = sequence + counted; i < sequence + length; i += 1) gc -= IS_GC[data[i] as number] as number;
    this.gc.add(gc, counted);
  }
}

function toUpperCase(data: Buffer, start: number, length: number): void {
  for (let i = start; i < start + length; i += 1) {
    const letter = data[i] as number;
    if (letter >= 97 && letter <= 122) data[i] = letter - LOWER_CASE_BIT;
  }
}

import { BASE_CODES } from '../../fastq/base-codes.js';
import { ADAPTERS, ADAPTER_LENGTH } from './adapter-list.js';

const PROBE_BASES = 6;
/** Mask of the last six bases at two bits each. */
export const PROBE_MASK = (1 << (2 * PROBE_BASES)) - 1;
/** Two bits per letter; letters other than ACGT are harmless aliases, since every probe hit is verified. */
export const TWO_BITS = Uint8Array.from(BASE_CODES, (code) => code & 3);

/** Counts reads by the first place at which they hold each adapter. */
export class AdapterCounts {
  /** Non-zero where the last six bases end some adapter: the caller's quick test before {@link verify}. */
  readonly probe = new Uint8Array(PROBE_MASK + 1);
  private readonly sequences = ADAPTERS.map(({ sequence }) => Buffer.from(sequence, 'latin1'));
  /** By adapter and 0-based place; grows with the longest read. */
  private firstHits: Float64Array[] = ADAPTERS.map(() => new Float64Array(256));
  private readonly lastRead = new Float64Array(ADAPTERS.length);
  private longest = 0;

  constructor() {
    for (const sequence of this.sequences) {
      let code = 0;
      for (const letter of sequence) code = (code << 2) | (TWO_BITS[letter] as number);
      this.probe[code & PROBE_MASK] = 1;
    }
  }

  /** Notes a read's length before its bases are looked at. */
  startRead(length: number): void {
    if (length <= this.longest) return;
    this.longest = length;
    if (length <= (this.firstHits[0]?.length ?? 0)) return;
    this.firstHits = this.firstHits.map((hits) => {
      const larger = new Float64Array(length * 2);
      larger.set(hits);
      return larger;
    });
  }

  /** Counts the adapters that end at base `last` of read `serial` (from 1), once a read; bases begin at `sequence`. */
  verify(data: Uint8Array, sequence: number, last: number, serial: number): void {
    const place = last + 1 - ADAPTER_LENGTH;
    // FastQC has no place to count an adapter in until a read has come that is longer than the adapter.
    if (place < 0 || this.longest <= ADAPTER_LENGTH) return;
    this.sequences.forEach((adapter, index) => {
      if (this.lastRead[index] === serial) return;
      for (let i = 0; i < ADAPTER_LENGTH; i += 1) {
        if (((data[sequence + place + i] as number) & 0xdf) !== adapter[i]) return;
      }
      this.lastRead[index] = serial;
      const hits = this.firstHits[index] as Float64Array;
      hits[place] = (hits[place] as number) + 1;
    });
  }

  /** Places an adapter can begin at: the longest read less eleven bases, at least one; 0 where all reads are too short. */
  get places(): number {
    return this.longest > ADAPTER_LENGTH ? this.longest - ADAPTER_LENGTH + 1 : 0;
  }

  /** Reads that hold the adapter at each place or before it. */
  cumulative(adapter: number): Float64Array {
    const sums = new Float64Array(this.places);
    let sum = 0;
    for (let i = 0; i < sums.length; i += 1) {
      sum += this.firstHits[adapter]?.[i] ?? 0;
      sums[i] = sum;
    }
    return sums;
  }
}

import { BASE_CODES } from './base-codes.js';
import type { Read } from './fastq-batch.js';
import type { PairSummary } from './preprocess.types.js';

const Q20 = 33 + 20;
const Q30 = 33 + 30;
const G = 2;
const C = 1;

/** Adds up the figures of both mates (Sanger quality encoding). */
export class PairTally {
  private reads = 0;
  private bases1 = 0;
  private bases2 = 0;
  private q20 = 0;
  private q30 = 0;
  private gc = 0;

  add(read1: Read, read2: Read): void {
    this.reads += 2;
    this.bases1 += read1.length;
    this.bases2 += read2.length;
    this.count(read1);
    this.count(read2);
  }

  summary(): PairSummary {
    const bases = this.bases1 + this.bases2;
    const share = (part: number): number => (bases === 0 ? 0 : part / bases);
    const meanLength = (part: number): number => (this.reads === 0 ? 0 : part / (this.reads / 2));
    return {
      totalReads: this.reads,
      totalBases: bases,
      q20Bases: this.q20,
      q30Bases: this.q30,
      q20Rate: share(this.q20),
      q30Rate: share(this.q30),
      gcContent: share(this.gc),
      read1MeanLength: meanLength(this.bases1),
      read2MeanLength: meanLength(this.bases2),
    };
  }

  private count({ data, sequence, quality, length }: Read): void {
    let q20 = 0;
    let q30 = 0;
    let gc = 0;
    for (let i = 0; i < length; i += 1) {
      const code = BASE_CODES[data[sequence + i] as number];
      const score = data[quality + i] as number;
      if (code === G || code === C) gc += 1;
      if (score >= Q20) q20 += 1;
      if (score >= Q30) q30 += 1;
    }
    this.q20 += q20;
    this.q30 += q30;
    this.gc += gc;
  }
}

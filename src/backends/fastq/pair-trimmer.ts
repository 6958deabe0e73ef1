import { AdapterTrimmer } from './adapter-trimmer.js';
import type { Read } from './fastq-batch.js';
import { PairOverlap } from './pair-overlap.js';
import type { AdapterSummary, FilteringSummary, PreprocessOptions } from './preprocess.types.js';
import { lengthAboveQuality } from './quality-cut.js';

const N = 78;

/**
 * Trims both mates in place and says whether the pair is kept: 3' quality cut, then what lies behind the insert (where
 * the mates overlap) or else behind a given adapter, then the limits on length and Ns. Both mates stay or both go.
 */
export class PairTrimmer {
  private readonly overlap = new PairOverlap();
  private readonly adapter1: AdapterTrimmer | undefined;
  private readonly adapter2: AdapterTrimmer | undefined;
  private readonly filtered = { passedReads: 0, tooShortReads: 0, tooManyNReads: 0 };
  private readonly trimmed = {
    trimmedReads: 0,
    trimmedBases: 0,
    overlapTrimmedPairs: 0,
    qualityTrimmedReads: 0,
    qualityTrimmedBases: 0,
  };

  constructor(private readonly options: PreprocessOptions) {
    this.adapter1 = options.adapter1 === undefined ? undefined : new AdapterTrimmer(options.adapter1);
    this.adapter2 = options.adapter2 === undefined ? undefined : new AdapterTrimmer(options.adapter2);
  }

  get filtering(): FilteringSummary {
    return { ...this.filtered };
  }

  get adapters(): AdapterSummary {
    return { ...this.trimmed };
  }

  keeps(read1: Read, read2: Read): boolean {
    this.cutQuality(read1);
    this.cutQuality(read2);
    this.cutAdapters(read1, read2);
    if (read1.length < this.options.minLength || read2.length < this.options.minLength) {
      this.filtered.tooShortReads += 2;
      return false;
    }
    if (countN(read1) > this.options.maxNBases || countN(read2) > this.options.maxNBases) {
      this.filtered.tooManyNReads += 2;
      return false;
    }
    this.filtered.passedReads += 2;
    return true;
  }

  private cutQuality(read: Read): void {
    const length = lengthAboveQuality(read, this.options.qualityCutoff);
    if (length === read.length) return;
    this.trimmed.qualityTrimmedReads += 1;
    this.trimmed.qualityTrimmedBases += read.length - length;
    read.length = length;
  }

  private cutAdapters(read1: Read, read2: Read): void {
    const insert = this.overlap.insertOf(read1, read2);
    if (insert >= 0) {
      if (insert < read1.length || insert < read2.length) this.trimmed.overlapTrimmedPairs += 1;
      this.cutTo(read1, insert);
      this.cutTo(read2, insert);
      return;
    }
    if (this.adapter1 !== undefined) this.cutTo(read1, this.adapter1.lengthWithout(read1));
    if (this.adapter2 !== undefined) this.cutTo(read2, this.adapter2.lengthWithout(read2));
  }

  private cutTo(read: Read, length: number): void {
    if (length >= read.length) return;
    this.trimmed.trimmedReads += 1;
    this.trimmed.trimmedBases += read.length - length;
    read.length = length;
  }
}

function countN({ data, sequence, length }: Read): number {
  let count = 0;
  for (let i = sequence; i < sequence + length; i += 1) if (((data[i] as number) & 0xdf) === N) count += 1;
  return count;
}

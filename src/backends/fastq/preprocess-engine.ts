import { Read } from './fastq-batch.js';
import { FastqError } from './fastq-error.js';
import { FastqReader } from './fastq-reader.js';
import { FastqWriter } from './fastq-writer.js';
import { PairTally } from './pair-tally.js';
import { PairTrimmer } from './pair-trimmer.js';
import type { FastqInput, PreprocessOptions, PreprocessReport } from './preprocess.types.js';
import { nameEnd } from './read-name.js';

export interface PreprocessFiles {
  readonly input1: FastqInput | AsyncIterable<Uint8Array>;
  readonly input2: FastqInput | AsyncIterable<Uint8Array>;
  readonly output1: string;
  readonly output2: string;
}

/** Walks two FASTQ files in step, trims every pair and writes those kept. Needs no worker; one runs it. */
export class PreprocessEngine {
  private readonly reader1: FastqReader;
  private readonly reader2: FastqReader;
  private readonly writer1: FastqWriter;
  private readonly writer2: FastqWriter;
  private readonly read1 = new Read();
  private readonly read2 = new Read();
  private readonly before = new PairTally();
  private readonly after = new PairTally();
  private readonly trimmer: PairTrimmer;
  private bytes = 0;

  constructor(
    files: PreprocessFiles,
    options: PreprocessOptions,
    private readonly onProgress: (bytesRead: number) => void,
  ) {
    const count = (bytes: number): void => {
      this.bytes += bytes;
    };
    this.reader1 = new FastqReader(files.input1, count);
    this.reader2 = new FastqReader(files.input2, count);
    this.writer1 = new FastqWriter(files.output1);
    this.writer2 = new FastqWriter(files.output2);
    this.trimmer = new PairTrimmer(options);
  }

  async run(): Promise<PreprocessReport> {
    try {
      for (;;) {
        this.drain();
        await this.writer1.flush();
        await this.writer2.flush();
        this.onProgress(this.bytes);
        if (!(await this.refill())) break;
      }
      await Promise.all([this.writer1.close(), this.writer2.close()]);
    } catch (error) {
      await Promise.all([this.writer1.abandon(), this.writer2.abandon()]);
      throw error;
    } finally {
      await Promise.all([this.reader1.close(), this.reader2.close()]);
    }
    return {
      before: this.before.summary(),
      after: this.after.summary(),
      filtering: this.trimmer.filtering,
      adapters: this.trimmer.adapters,
    };
  }

  /** Takes pairs until either batch is used up. */
  private drain(): void {
    while (this.reader1.pending && this.reader2.pending) {
      this.reader1.take(this.read1);
      this.reader2.take(this.read2);
      this.checkNames();
      this.before.add(this.read1, this.read2);
      if (!this.trimmer.keeps(this.read1, this.read2)) continue;
      this.after.add(this.read1, this.read2);
      this.writer1.write(this.read1);
      this.writer2.write(this.read2);
    }
  }

  /** False when both files end together. */
  private async refill(): Promise<boolean> {
    const more1 = this.reader1.pending || (await this.reader1.refill());
    const more2 = this.reader2.pending || (await this.reader2.refill());
    if (more1 !== more2) {
      const shorter = Math.min(this.reader1.taken, this.reader2.taken);
      throw new FastqError('mates_mismatch', shorter + 1, 'one of the mates has no such record');
    }
    return more1;
  }

  private checkNames(): void {
    const { read1, read2 } = this;
    const end1 = nameEnd(read1.data, read1.headerStart, read1.headerEnd);
    const end2 = nameEnd(read2.data, read2.headerStart, read2.headerEnd);
    if (read1.data.compare(read2.data, read2.headerStart, end2, read1.headerStart, end1) !== 0) {
      throw new FastqError('mates_mismatch', this.reader1.taken, 'the mates have different names');
    }
  }
}

import type { Readable } from 'node:stream';

/** One FASTQ file, plain or gzip (recognised by its first bytes): a path, or a stream that is read to its end. */
export type FastqInput = string | Readable;

/** What trimming does to a read pair. Every limit is checked by `preprocessPair` before a byte is read. */
export interface PreprocessOptions {
  /** 3' adapter of read 1, 8 to 128 letters of ACGT. Absent: adapters are found by the overlap of the mates alone. */
  readonly adapter1?: string;
  /** 3' adapter of read 2, as above. */
  readonly adapter2?: string;
  /** Mean Phred score (0 to 40) below which a window of four bases is cut from the 3' end; 0 cuts nothing. */
  readonly qualityCutoff: number;
  /** Shortest read kept, in bases after trimming (1 to 10,000). A pair is dropped when either mate is shorter. */
  readonly minLength: number;
  /** Most N bases a kept read may hold (0 to 10,000). */
  readonly maxNBases: number;
}

/** Figures of both mates together; rates and GC content are fractions of `totalBases`, 0 when there are no bases. */
export interface PairSummary {
  readonly totalReads: number;
  readonly totalBases: number;
  readonly q20Bases: number;
  readonly q30Bases: number;
  readonly q20Rate: number;
  readonly q30Rate: number;
  readonly gcContent: number;
  readonly read1MeanLength: number;
  readonly read2MeanLength: number;
}

/** Reads (not pairs) by what became of them; a dropped pair counts as two, under the first reason that held. */
export interface FilteringSummary {
  readonly passedReads: number;
  readonly tooShortReads: number;
  readonly tooManyNReads: number;
}

/** What was cut from 3' ends, in reads and bases, and how many pairs overlapped by more than their insert. */
export interface AdapterSummary {
  readonly trimmedReads: number;
  readonly trimmedBases: number;
  readonly overlapTrimmedPairs: number;
  readonly qualityTrimmedReads: number;
  readonly qualityTrimmedBases: number;
}

export interface PreprocessReport {
  readonly before: PairSummary;
  readonly after: PairSummary;
  readonly filtering: FilteringSummary;
  readonly adapters: AdapterSummary;
}

export interface PreprocessControl {
  /** Aborting stops the worker, removes the unfinished outputs and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called now and then with the compressed bytes read so far from both inputs together. */
  readonly onProgress?: (bytesRead: number) => void;
}

import { FastqError } from '../../fastq/fastq-error.js';
import { FastqScanner } from '../../fastq/fastq-scanner.js';
import { plainBytes } from '../../fastq/fastq-source.js';
import type { FastqTask } from '../../fastq/worker-run.js';
import { fileReport, type FileReport } from './file-report.js';
import { pairFigures, type PairFigures } from './file-summary.js';
import { ReadProfile } from './read-profile.js';
import { ASSAY_THRESHOLDS, worst, type Assay, type Verdict } from './thresholds.js';

export interface AnalysisOptions {
  readonly assay: Assay;
}

export interface Analysis {
  readonly verdict: Verdict;
  /** One per input, in their order. */
  readonly files: readonly FileReport[];
  readonly pair: PairFigures | null;
}

/** Reads one file or both mates of a pair, one after the other, and reports on them; the worker's whole work. */
export const analysisTask: FastqTask<AnalysisOptions, Analysis> = async ({ assay }, inputs, report) => {
  const limits = ASSAY_THRESHOLDS[assay];
  const files: FileReport[] = [];
  let bytes = 0;
  for (const input of inputs) {
    const profile = new ReadProfile();
    const scanner = new FastqScanner(profile.add);
    const count = (more: number): void => report((bytes += more));
    for await (const piece of plainBytes(input, count)) scanner.push(piece);
    scanner.end();
    files.push(fileReport(profile, limits));
  }
  const [first, second] = files;
  const pair = first === undefined || second === undefined ? null : pairFigures(first.summary, second.summary);
  if (pair !== null && first?.summary.total_sequences !== second?.summary.total_sequences) {
    throw new FastqError('mates_mismatch', null, 'the mates have different numbers of reads');
  }
  return { verdict: worst(files.map(({ verdict }) => verdict)), files, pair };
};

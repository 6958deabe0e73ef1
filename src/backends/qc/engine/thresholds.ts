export type Verdict = 'pass' | 'warn' | 'fail';

/** Limits of one measure; null means it is reported but never judged at that level. */
export interface Limit {
  readonly warnAt: number | null;
  readonly failAt: number | null;
}

export interface AssayThresholds {
  /** Phred score below which the lowest median over positions is remarked. */
  readonly medianQuality: Limit;
  /** Phred score below which the lowest lower quartile over positions is remarked. */
  readonly lowerQuartile: Limit;
  /** Phred score: largest deviation of a tile from the mean of all. */
  readonly tileDeviation: Limit;
  /** Phred score at or below which the most frequent read quality is remarked. */
  readonly readQuality: Limit;
  /** Percentage points between A and T or C and G at a position. */
  readonly baseImbalance: Limit;
  /** Percent of reads that lie outside the normal distribution around the mode. */
  readonly gcDeviation: Limit;
  /** Percent N at a position. */
  readonly nContent: Limit;
  /** Percent of reads left after deduplication, below which duplication is remarked. */
  readonly remaining: Limit;
  /** Percent of reads that are one sequence. */
  readonly overrepresented: Limit;
  /** Percent of reads holding an adapter up to a position. */
  readonly adapters: Limit;
}

export const ASSAYS = ['wgs', 'wes', 'amplicon', 'rna', 'viral'] as const;
export type Assay = (typeof ASSAYS)[number];

const UNJUDGED: Limit = { warnAt: null, failAt: null };

/** FastQC 0.11.9's own limits, made for a whole diploid genome sheared at random. */
const WGS: AssayThresholds = {
  medianQuality: { warnAt: 25, failAt: 20 },
  lowerQuartile: { warnAt: 10, failAt: 5 },
  tileDeviation: { warnAt: 5, failAt: 10 },
  readQuality: { warnAt: 27, failAt: 20 },
  baseImbalance: { warnAt: 10, failAt: 20 },
  gcDeviation: { warnAt: 15, failAt: 30 },
  nContent: { warnAt: 5, failAt: 20 },
  remaining: { warnAt: 70, failAt: 50 },
  overrepresented: { warnAt: 0.1, failAt: 1 },
  adapters: { warnAt: 5, failAt: 10 },
};

/**
 * What each assay is judged by. Only what the library's making explains is relaxed; base qualities, Ns and adapters
 * mean the same everywhere.
 *
 * - `wes`: capture skews GC towards exons and raises duplication.
 * - `amplicon`: reads start at primers, so composition, GC, duplication and repeated sequences say nothing.
 * - `rna`: random priming skews the first bases; abundant transcripts are duplicates and repeated sequences.
 * - `viral`: a small genome at great depth repeats itself, and its GC curve is its own.
 */
export const ASSAY_THRESHOLDS: Readonly<Record<Assay, AssayThresholds>> = {
  wgs: WGS,
  wes: { ...WGS, gcDeviation: { warnAt: 25, failAt: 45 }, remaining: { warnAt: 60, failAt: 40 } },
  amplicon: {
    ...WGS,
    baseImbalance: UNJUDGED,
    gcDeviation: UNJUDGED,
    remaining: UNJUDGED,
    overrepresented: UNJUDGED,
  },
  rna: {
    ...WGS,
    baseImbalance: { warnAt: 20, failAt: 40 },
    gcDeviation: { warnAt: 25, failAt: 45 },
    remaining: { warnAt: 40, failAt: 20 },
    overrepresented: { warnAt: 1, failAt: 5 },
  },
  viral: {
    ...WGS,
    baseImbalance: { warnAt: 15, failAt: 30 },
    gcDeviation: { warnAt: 30, failAt: 60 },
    remaining: { warnAt: 40, failAt: 10 },
    overrepresented: { warnAt: 1, failAt: 5 },
  },
};

export function isAssay(value: string): value is Assay {
  return (ASSAYS as readonly string[]).includes(value);
}

/** Above a limit is worse. */
export function above(observed: number, { warnAt, failAt }: Limit): Verdict {
  if (failAt !== null && observed > failAt) return 'fail';
  return warnAt !== null && observed > warnAt ? 'warn' : 'pass';
}

/** Below a limit is worse. */
export function below(observed: number, { warnAt, failAt }: Limit): Verdict {
  if (failAt !== null && observed < failAt) return 'fail';
  return warnAt !== null && observed < warnAt ? 'warn' : 'pass';
}

const ORDER: readonly Verdict[] = ['pass', 'warn', 'fail'];

export function worst(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), 'pass');
}

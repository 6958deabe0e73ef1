import { LOWEST_QUALITY } from './position-counts.js';
import type { ReadProfile } from './read-profile.js';

/** Figures of one file. Rates are fractions of all bases, percentages are of 100; all are 0 without bases. */
export interface FileSummary {
  readonly total_sequences: number;
  readonly total_bases: number;
  readonly min_length: number;
  readonly max_length: number;
  /** G and C among A, C, G and T. */
  readonly gc_percent: number;
  readonly gc_bases: number;
  readonly n_bases: number;
  readonly q20_bases: number;
  readonly q30_bases: number;
  readonly q20_rate: number;
  readonly q30_rate: number;
  readonly mean_quality: number;
  readonly duplication_percent: number;
  readonly encoding: string;
}

/** Figures of both mates together; rates and GC content are fractions of all bases, Ns included. */
export interface PairFigures {
  readonly total_reads: number;
  readonly total_bases: number;
  readonly q20_bases: number;
  readonly q30_bases: number;
  readonly q20_rate: number;
  readonly q30_rate: number;
  readonly gc_content: number;
}

export function fileSummary(profile: ReadProfile, duplicationPercent: number): FileSummary {
  const letters = letterTotals(profile);
  const [a = 0, c = 0, g = 0, t = 0, n = 0] = letters;
  const bases = letters.reduce((sum, count) => sum + count, 0);
  const qualities = profile.positions.qualityTotals();
  const { name, offset } = profile.positions.encoding();
  const atLeast = (score: number): number =>
    qualities.slice(score + offset - LOWEST_QUALITY).reduce((sum, count) => sum + count, 0);
  let scores = 0;
  qualities.forEach((count, index) => (scores += count * (index + LOWEST_QUALITY - offset)));
  return {
    total_sequences: profile.reads,
    total_bases: bases,
    min_length: profile.lengths.findIndex((count) => count > 0),
    max_length: profile.positions.length,
    gc_percent: a + c + g + t === 0 ? 0 : (100 * (g + c)) / (a + c + g + t),
    gc_bases: g + c,
    n_bases: n,
    q20_bases: atLeast(20),
    q30_bases: atLeast(30),
    q20_rate: share(atLeast(20), bases),
    q30_rate: share(atLeast(30), bases),
    mean_quality: share(scores, bases),
    duplication_percent: duplicationPercent,
    encoding: name,
  };
}

export function pairFigures(first: FileSummary, second: FileSummary): PairFigures {
  const bases = first.total_bases + second.total_bases;
  const q20 = first.q20_bases + second.q20_bases;
  const q30 = first.q30_bases + second.q30_bases;
  return {
    total_reads: first.total_sequences + second.total_sequences,
    total_bases: bases,
    q20_bases: q20,
    q30_bases: q30,
    q20_rate: share(q20, bases),
    q30_rate: share(q30, bases),
    gc_content: share(first.gc_bases + second.gc_bases, bases),
  };
}

function letterTotals({ positions }: ReadProfile): number[] {
  const totals = [0, 0, 0, 0, 0, 0];
  for (let position = 0; position < positions.length; position += 1) {
    totals.forEach((_, code) => (totals[code] = (totals[code] as number) + positions.letterCount(position, code)));
  }
  return totals;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

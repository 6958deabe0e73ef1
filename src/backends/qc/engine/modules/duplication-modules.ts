import { possibleSource } from '../contaminant-search.js';
import { javaBucket } from '../java-order.js';
import { moduleReport, type ModuleReport } from '../module-report.js';
import type { SequenceTable } from '../sequence-table.js';
import { above, below, type AssayThresholds } from '../thresholds.js';

/** Lowest count of each level of FastQC's table. */
const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 51, 101, 501, 1001, 5001, 10_001];
const LABELS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '>10', '>50', '>100', '>500', '>1k', '>5k', '>10k+'];
/** Percent of all reads above which a sequence is listed. */
const LISTED_ABOVE = 0.1;

export interface Duplication {
  /** Percent of reads left after deduplication; 100 without reads. */
  readonly remaining: number;
  /** By level: percent of the distinct sequences, and of the reads. */
  readonly distinctShare: readonly number[];
  readonly readShare: readonly number[];
}

/** Estimates duplication of the whole file from the sequences tracked. */
export function duplicationOf(table: SequenceTable): Duplication {
  const byCount = new Map<number, number>();
  for (let entry = 0; entry < table.distinct; entry += 1) {
    const count = table.count(entry);
    byCount.set(count, (byCount.get(count) ?? 0) + 1);
  }
  const distinctShare = LEVELS.map(() => 0);
  const readShare = LEVELS.map(() => 0);
  let distinct = 0;
  let reads = 0;
  for (const [count, observed] of [...byCount].sort(([a], [b]) => a - b)) {
    const estimated = estimatedSequences(table, count, observed);
    const level = LEVELS.findLastIndex((from) => count >= from);
    distinct += estimated;
    reads += estimated * count;
    distinctShare[level] = (distinctShare[level] as number) + estimated;
    readShare[level] = (readShare[level] as number) + estimated * count;
  }
  return {
    remaining: reads === 0 ? 100 : (distinct / reads) * 100,
    distinctShare: distinctShare.map((part) => (part / distinct) * 100),
    readShare: readShare.map((part) => (part / reads) * 100),
  };
}

/**
 * Once the table was full, sequences that had not shown up by then were never tracked. What was observed is scaled by
 * the chance that a sequence occurring `count` times in all is among the first `totalAtLimit` reads.
 */
function estimatedSequences({ total, totalAtLimit }: SequenceTable, count: number, observed: number): number {
  if (totalAtLimit === total || total - observed < totalAtLimit) return observed;
  // Below this chance of having missed one, the estimate would differ by less than a hundredth of a sequence.
  const negligible = 1 - observed / (observed + 0.01);
  let missed = 1;
  for (let i = 0; i < totalAtLimit; i += 1) {
    missed *= (total - i - count) / (total - i);
    if (missed < negligible) return observed;
  }
  return observed / (1 - missed);
}

export function duplicationLevels(
  { remaining, distinctShare, readShare }: Duplication,
  limits: AssayThresholds,
): ModuleReport {
  const rows = LABELS.map((label, level) => [label, distinctShare[level] ?? 0, readShare[level] ?? 0]);
  const limit = limits.remaining;
  const finding = {
    verdict: below(remaining, limit),
    observed: remaining,
    limit,
    unit: 'percent left after deduplication',
  };
  const columns = ['Duplication Level', 'Percentage of deduplicated', 'Percentage of total'];
  return moduleReport('Sequence Duplication Levels', finding, { columns, rows });
}

/** Overrepresented sequences: what makes up more than 0.1 % of the reads, most frequent first. */
export function overrepresented(table: SequenceTable, limits: AssayThresholds): ModuleReport {
  const listed: { sequence: string; count: number; percent: number; bucket: number }[] = [];
  for (let entry = 0; entry < table.distinct; entry += 1) {
    const count = table.count(entry);
    const percent = (count / table.total) * 100;
    if (percent <= LISTED_ABOVE) continue;
    const sequence = table.sequence(entry);
    listed.push({ sequence, count, percent, bucket: javaBucket(sequence, table.distinct) });
  }
  listed.sort((a, b) => b.count - a.count || a.bucket - b.bucket);
  const rows = listed.map(({ sequence, count, percent }) => [sequence, count, percent, possibleSource(sequence)]);
  const observed = listed[0]?.percent ?? 0;
  const limit = limits.overrepresented;
  const finding = { verdict: above(observed, limit), observed, limit, unit: 'percent of reads' };
  const columns = ['Sequence', 'Count', 'Percentage', 'Possible Source'];
  return moduleReport('Overrepresented sequences', finding, { columns, rows });
}

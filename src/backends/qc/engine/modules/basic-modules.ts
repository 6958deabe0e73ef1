import { moduleReport, type ModuleReport } from '../module-report.js';
import type { FileSummary } from '../file-summary.js';

const UNJUDGED = { warnAt: null, failAt: null };
const MAX_ROWS = 50;
const STEPS = [1, 2, 5];

/** Basic Statistics; the file's name is left to the caller, who knows it. */
export function basicStatistics(summary: FileSummary): ModuleReport {
  const { min_length: min, max_length: max } = summary;
  const rows = [
    ['File type', 'Conventional base calls'],
    ['Encoding', summary.encoding],
    ['Total Sequences', summary.total_sequences],
    ['Sequences flagged as poor quality', 0],
    ['Sequence length', min === max ? String(min) : `${min}-${max}`],
    ['%GC', Math.floor(summary.gc_percent)],
  ];
  const finding = { verdict: 'pass', observed: null, limit: UNJUDGED, unit: null } as const;
  return moduleReport('Basic Statistics', finding, { columns: ['Measure', 'Value'], rows });
}

/** Sequence Length Distribution: warns when lengths differ, fails when there are empty reads. */
export function lengthDistribution(lengths: Float64Array): ModuleReport {
  const distinct = lengths.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const empty = lengths[0] ?? 0;
  const finding =
    empty > 0
      ? { verdict: 'fail' as const, observed: empty, limit: { warnAt: null, failAt: 1 }, unit: 'empty reads' }
      : {
          verdict: distinct > 1 ? ('warn' as const) : ('pass' as const),
          observed: distinct,
          limit: { warnAt: 2, failAt: null },
          unit: 'different lengths',
        };
  return moduleReport('Sequence Length Distribution', finding, {
    columns: ['Length', 'Count'],
    rows: lengthRows(lengths),
  });
}

/** FastQC's rows: one length beyond either end is included in choosing the width, and left out where it is empty. */
function lengthRows(lengths: Float64Array): (string | number)[][] {
  const first = Math.max(0, lengths.findIndex((count) => count > 0) - 1);
  const last = lengths.findLastIndex((count) => count > 0) + 1;
  const width = lengthWidth(last - first);
  const rows: (string | number)[][] = [];
  for (let from = first - (first % width); from <= last; from += width) {
    const to = Math.min(from + width - 1, last);
    let count = 0;
    for (let length = from; length <= to; length += 1) count += lengths[length] ?? 0;
    rows.push([width === 1 ? String(from) : `${from}-${to}`, count]);
  }
  if (rows.at(-1)?.[1] === 0) rows.pop();
  if (rows[0]?.[1] === 0) rows.shift();
  return rows;
}

function lengthWidth(range: number): number {
  for (let scale = 1; ; scale *= 10) {
    for (const step of STEPS) if (Math.floor(range / (step * scale)) <= MAX_ROWS) return step * scale;
  }
}

import { moduleReport, type ModuleReport } from '../module-report.js';
import { above, type AssayThresholds } from '../thresholds.js';

/** How far below the mode a neighbouring percentage may lie and still count towards the centre. */
const PLATEAU_SHARE = 10;

/** Per sequence GC content, judged by its deviation from the normal distribution around its mode. */
export function readGc(counts: Float64Array, limits: AssayThresholds): ModuleReport {
  const observed = deviationFromNormal(counts);
  const limit = limits.gcDeviation;
  const finding = { verdict: above(observed, limit), observed, limit, unit: 'percent of reads' };
  const rows = Array.from(counts, (count, percent) => [percent, count]);
  return moduleReport('Per sequence GC content', finding, { columns: ['GC Content', 'Count'], rows });
}

/** Sum of differences between the counts and the normal distribution of equal size, in percent of the reads. */
export function deviationFromNormal(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const centre = centreOf(counts);
  const squares = counts.reduce((sum, count, percent) => sum + (percent - centre) ** 2 * count, 0);
  const deviation = Math.sqrt(squares / (total - 1));
  let difference = 0;
  counts.forEach((count, percent) => (difference += Math.abs(normal(percent, centre, deviation) * total - count)));
  // With a single read, or all alike, there is no curve to compare with: FastQC's figure is then not a number.
  return Number.isNaN(difference) ? 0 : (difference / total) * 100;
}

/** Mean of the percentages around the mode whose counts are within a tenth of it; the mode itself at an edge. */
function centreOf(counts: Float64Array): number {
  let mode = 0;
  counts.forEach((count, percent) => {
    if (count > (counts[mode] as number)) mode = percent;
  });
  const peak = counts[mode] as number;
  const floor = peak - peak / PLATEAU_SHARE;
  let high = mode;
  while (high < counts.length && (counts[high] as number) > floor) high += 1;
  let low = mode - 1;
  while (low >= 0 && (counts[low] as number) > floor) low -= 1;
  if (high === counts.length || low < 0) return mode;
  return (low + high) / 2;
}

function normal(value: number, mean: number, deviation: number): number {
  const density = 1 / Math.sqrt(2 * Math.PI * deviation * deviation);
  return density * Math.E ** (0 - (value - mean) ** 2 / (2 * deviation * deviation));
}

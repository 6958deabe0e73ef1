import { baseGroups } from '../base-groups.js';
import type { QualityEncoding } from '../encoding.js';
import { moduleReport, type Finding, type ModuleReport } from '../module-report.js';
import { LOWEST_QUALITY } from '../position-counts.js';
import { QualityStatistics } from '../quality-statistics.js';
import type { ReadProfile } from '../read-profile.js';
import { below, worst, type AssayThresholds } from '../thresholds.js';

const PERCENTILES = [50, 25, 75, 10, 90];
const COLUMNS = ['Base', 'Mean', 'Median', 'Lower Quartile', 'Upper Quartile', '10th Percentile', '90th Percentile'];

/** Per base sequence quality. A group's figure is the mean of its positions' figures; null where too few reads reach. */
export function baseQuality(profile: ReadProfile, encoding: QualityEncoding, limits: AssayThresholds): ModuleReport {
  const { positions } = profile;
  const rows = baseGroups(positions.length).map(({ first, last, label }) => {
    const statistics: QualityStatistics[] = [];
    for (let i = first - 1; i < last; i += 1) {
      statistics.push(new QualityStatistics(positions.qualityCounts(i), encoding.offset));
    }
    const reached = statistics.filter((one) => one.total > 0);
    const measured = statistics.filter((one) => one.hasPercentiles);
    const figures = PERCENTILES.map((percent) => mean(measured.map((one) => one.percentile(percent))));
    return [label, mean(reached.map((one) => one.mean())) ?? 0, ...figures];
  });
  const medians = rows.flatMap((row) => (typeof row[2] === 'number' ? [row[2]] : []));
  const quartiles = rows.flatMap((row) => (typeof row[3] === 'number' ? [row[3]] : []));
  const finding = lowestFinding(medians, quartiles, limits);
  return moduleReport('Per base sequence quality', finding, { columns: COLUMNS, rows });
}

/** The median decides, unless only the lower quartile is remarkable or is more so. */
function lowestFinding(medians: readonly number[], quartiles: readonly number[], limits: AssayThresholds): Finding {
  const median = lowest(medians);
  const quartile = lowest(quartiles);
  const byMedian = median === null ? 'pass' : below(median, limits.medianQuality);
  const byQuartile = quartile === null ? 'pass' : below(quartile, limits.lowerQuartile);
  if (byQuartile !== byMedian && worst([byMedian, byQuartile]) === byQuartile) {
    return { verdict: byQuartile, observed: quartile, limit: limits.lowerQuartile, unit: 'phred, lower quartile' };
  }
  return { verdict: byMedian, observed: median, limit: limits.medianQuality, unit: 'phred, median' };
}

/** Per sequence quality scores: reads by mean score, judged by the most frequent one. */
export function readQuality(profile: ReadProfile, encoding: QualityEncoding, limits: AssayThresholds): ModuleReport {
  const counts = profile.meanQualities;
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const rows: number[][] = [];
  let mode: number | null = null;
  let most = 0;
  for (let character = Math.max(first, LOWEST_QUALITY); first >= 0 && character <= last; character += 1) {
    const count = counts[character] as number;
    rows.push([character - encoding.offset, count]);
    if (count > most) {
      most = count;
      mode = character - encoding.offset;
    }
  }
  // Scores are whole: at or below a limit is below the next one.
  const verdict = mode === null ? 'pass' : below(mode - 1, limits.readQuality);
  const finding = { verdict, observed: mode, limit: limits.readQuality, unit: 'phred, most frequent' } as const;
  return moduleReport('Per sequence quality scores', finding, { columns: ['Quality', 'Count'], rows });
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function lowest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}

import { baseGroups, type BaseGroup } from '../base-groups.js';
import { moduleReport, type ModuleReport } from '../module-report.js';
import type { PositionCounts } from '../position-counts.js';
import type { ReadProfile } from '../read-profile.js';
import { above, type AssayThresholds } from '../thresholds.js';

/** Letter codes in the order of FastQC's columns: G, A, T, C. */
const COLUMN_CODES = [2, 0, 3, 1];
const ALL_CODES = [0, 1, 2, 3, 4, 5];
const N_CODE = 4;

/** Per base sequence content, in percent of the four bases; null where a group has none of them. */
export function baseContent({ positions }: ReadProfile, limits: AssayThresholds): ModuleReport {
  let observed = 0;
  const rows = baseGroups(positions.length).map((group) => {
    const counts = COLUMN_CODES.map((code) => groupCount(positions, group, code));
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return [group.label, null, null, null, null];
    const [g = 0, a = 0, t = 0, c = 0] = counts.map((count) => (count / total) * 100);
    observed = Math.max(observed, Math.abs(c - g), Math.abs(t - a));
    return [group.label, g, a, t, c];
  });
  const limit = limits.baseImbalance;
  const finding = { verdict: above(observed, limit), observed, limit, unit: 'percentage points' };
  return moduleReport('Per base sequence content', finding, { columns: ['Base', 'G', 'A', 'T', 'C'], rows });
}

/** Per base N content, in percent of all letters. */
export function nContent({ positions }: ReadProfile, limits: AssayThresholds): ModuleReport {
  const rows = baseGroups(positions.length).map((group): [string, number] => {
    const total = ALL_CODES.reduce((sum, code) => sum + groupCount(positions, group, code), 0);
    return [group.label, 100 * (groupCount(positions, group, N_CODE) / total)];
  });
  const observed = rows.reduce((most, [, percent]) => Math.max(most, percent), 0);
  const finding = { verdict: above(observed, limits.nContent), observed, limit: limits.nContent, unit: 'percent' };
  return moduleReport('Per base N content', finding, { columns: ['Base', 'N-Count'], rows });
}

function groupCount(positions: PositionCounts, { first, last }: BaseGroup, code: number): number {
  let sum = 0;
  for (let i = first - 1; i < last; i += 1) sum += positions.letterCount(i, code);
  return sum;
}

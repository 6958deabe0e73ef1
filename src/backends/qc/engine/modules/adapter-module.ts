import type { AdapterCounts } from '../adapter-counts.js';
import { ADAPTERS } from '../adapter-list.js';
import { baseGroups } from '../base-groups.js';
import { moduleReport, type ModuleReport } from '../module-report.js';
import { above, type AssayThresholds } from '../thresholds.js';

/** Adapter Content: percent of reads in which each adapter has begun by a position. Reads too short to tell: warn. */
export function adapterContent(counts: AdapterCounts, reads: number, limits: AssayThresholds): ModuleReport {
  const columns = ['Position', ...ADAPTERS.map(({ name }) => name)];
  const limit = limits.adapters;
  const unit = 'percent of reads';
  if (counts.places === 0) {
    return moduleReport('Adapter Content', { verdict: 'warn', observed: null, limit, unit }, { columns, rows: [] });
  }
  const sums = ADAPTERS.map((_, adapter) => counts.cumulative(adapter));
  let observed = 0;
  const rows = baseGroups(counts.places).map(({ first, last, label }) => {
    const percents = sums.map((sum) => {
      let percent = 0;
      for (let i = first - 1; i < last; i += 1) percent += ((sum[i] as number) * 100) / reads;
      return percent / (last - first + 1);
    });
    observed = Math.max(observed, ...percents);
    return [label, ...percents];
  });
  return moduleReport('Adapter Content', { verdict: above(observed, limit), observed, limit, unit }, { columns, rows });
}

import type { Limit, Verdict } from './thresholds.js';

export type Cell = string | number | null;

/** FastQC's table of a module, with its column names. */
export interface ModuleTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Rows left out to bound the answer; absent when complete. */
  readonly omitted_rows?: number;
}

/** One module of a file's report, as it is sent. `observed` is in `unit`; null limits are not judged. */
export interface ModuleReport {
  readonly name: string;
  readonly verdict: Verdict;
  readonly observed: number | null;
  readonly warn_at: number | null;
  readonly fail_at: number | null;
  readonly unit: string | null;
  readonly data: ModuleTable;
}

export interface Finding {
  readonly verdict: Verdict;
  readonly observed: number | null;
  readonly limit: Limit;
  readonly unit: string | null;
}

export function moduleReport(name: string, finding: Finding, data: ModuleTable): ModuleReport {
  return {
    name,
    verdict: finding.verdict,
    observed: finding.observed,
    warn_at: finding.limit.warnAt,
    fail_at: finding.limit.failAt,
    unit: finding.unit,
    data,
  };
}

import type { ModuleReport } from '../engine/module-report.js';
import type { FileSummary, PairFigures } from '../engine/file-summary.js';
import type { Verdict } from '../engine/thresholds.js';
import type { QcError, QcJobRow, QcStatus } from '../qc.tables.js';

/** A job as it travels; times are RFC 3339 in UTC. */
export interface QcJob {
  readonly qc_job_id: string;
  readonly status: QcStatus;
  readonly sample_id: string;
  readonly owner: string;
  readonly project_id: string;
  readonly assay: string;
  readonly progress: { readonly processed_bytes: number; readonly total_bytes: number; readonly percent: number };
  readonly verdict: Verdict | null;
  readonly files: readonly {
    readonly upload_id: string;
    readonly file_name: string;
    readonly verdict: Verdict;
    readonly summary: FileSummary;
    readonly modules: readonly ModuleReport[];
  }[];
  readonly pair: PairFigures | null;
  readonly error: QcError | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
}

export function viewOf(row: QcJobRow): QcJob {
  return {
    qc_job_id: row.qcJobId,
    status: row.status,
    sample_id: row.sampleId,
    owner: row.owner,
    project_id: row.project,
    assay: row.assay,
    progress: progressOf(row),
    verdict: row.result?.verdict ?? null,
    files: (row.result?.files ?? []).map((file, index) => ({
      upload_id: row.inputs[index]?.upload_id ?? '',
      file_name: row.inputs[index]?.file_name ?? '',
      ...file,
    })),
    pair: row.result?.pair ?? null,
    error: row.error,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    completed_at: row.completedAt?.toISOString() ?? null,
  };
}

function progressOf(row: QcJobRow): QcJob['progress'] {
  const total = row.inputs.reduce((sum, input) => sum + input.file_size, 0);
  const processed = Math.min(row.processedBytes, total);
  const percent = row.status === 'completed' ? 100 : Math.floor((100 * processed) / Math.max(1, total));
  return { processed_bytes: processed, total_bytes: total, percent };
}

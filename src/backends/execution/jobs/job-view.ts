import type { JobRow } from './execution.tables.js';
import type { InputName, Job } from './job.types.js';

/** The row as clients see it. */
export function jobView(row: JobRow): Job {
  return {
    job_id: row.jobId,
    status: row.status,
    pipeline_id: row.pipelineId,
    pipeline_version: row.pipelineVersion,
    configuration_id: row.configurationId,
    sample_id: row.sampleId,
    inputs: uploadIds(row),
    parameters: row.parameters,
    tags: row.tags,
    progress: row.progress,
    attempt: row.attempt,
    error: row.error,
    owner: row.owner,
    project_id: row.project,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    completed_at: row.completedAt?.toISOString() ?? null,
  };
}

function uploadIds(row: JobRow): Partial<Record<InputName, string>> {
  const ids: Partial<Record<InputName, string>> = {};
  for (const name of ['reads_1', 'reads_2', 'reference'] as const) {
    const file = row.inputs[name];
    if (file !== undefined) ids[name] = file.upload_id;
  }
  return ids;
}

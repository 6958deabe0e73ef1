import type { JobStatus } from './job-state.js';

export type InputName = 'reads_1' | 'reads_2' | 'reference';

/** What a submitted job remembers of an upload, so that what is staged is what was checked. */
export interface InputFile {
  readonly upload_id: string;
  readonly file_type: string;
  readonly compression: 'gzip' | 'none';
  readonly size_bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export type InputFiles = Partial<Record<InputName, InputFile>>;

/** The pipelines service's `GET /pipelines/{id}/definition`; kept with the job, whatever the catalogue says later. */
export interface PipelineDefinition {
  readonly pipeline_id: string;
  readonly version: string;
  readonly engine: 'native' | 'cwl';
  readonly inputs: readonly {
    readonly name: InputName;
    readonly required: boolean;
    readonly file_types: readonly string[];
  }[];
  readonly outputs: readonly PipelineOutput[];
  readonly steps: readonly { readonly name: string; readonly weight: number }[];
  readonly required_tools: readonly string[];
  readonly cwl: string | null;
}

export interface PipelineOutput {
  /** `{sample_id}` stands for the job's sample. */
  readonly name: string;
  readonly media_type: string;
  readonly description: string;
}

export type StepStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

export interface JobStep {
  readonly name: string;
  readonly status: StepStatus;
  /** RFC 3339, UTC. */
  readonly started_at: string | null;
  readonly completed_at: string | null;
  /** 0 to 100. */
  readonly percent: number;
}

export interface JobProgress {
  /** 0 to 100, over all steps by their weights. */
  readonly percent: number;
  /** The step under way. */
  readonly step: string | null;
  readonly steps: readonly JobStep[];
}

export interface JobError {
  readonly code: string;
  /** For the job's owner; names no path, host or other job. */
  readonly detail: string;
}

export type Tags = readonly string[];

/** A job as it travels. */
export interface Job {
  readonly job_id: string;
  readonly status: JobStatus;
  readonly pipeline_id: string;
  readonly pipeline_version: string;
  readonly configuration_id: string | null;
  readonly sample_id: string;
  readonly inputs: Partial<Record<InputName, string>>;
  readonly parameters: Record<string, unknown>;
  readonly tags: Tags;
  readonly progress: JobProgress;
  /** Lives of the job: 1 for the first run, one more after each service that ended under it. 0 before it was started. */
  readonly attempt: number;
  readonly error: JobError | null;
  readonly owner: string;
  readonly project_id: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
}

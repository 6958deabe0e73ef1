import type { AnySchemaObject } from 'ajv';

/** `native` runs in the execution service itself; `cwl` needs cwltool and the workflow's tools. */
export type PipelineEngine = 'native' | 'cwl';

export interface PipelineInput {
  /** Key in a job's `inputs`. */
  readonly name: 'reads_1' | 'reads_2' | 'reference';
  readonly required: boolean;
  /** Accepted `file_type`s of the upload. */
  readonly file_types: readonly string[];
  readonly description: string;
}

export interface PipelineOutput {
  /** File name among the results; `{sample_id}` stands for the job's sample. */
  readonly name: string;
  readonly media_type: string;
  readonly description: string;
}

export interface PipelineStep {
  readonly name: string;
  /** Share of the run's duration relative to the other steps; only progress depends on it. */
  readonly weight: number;
}

/** One version of a pipeline, complete: what clients are shown and what the execution service runs. */
export interface PipelineDefinition {
  readonly pipeline_id: string;
  /** Semantic version; changes with anything that may change a result. */
  readonly version: string;
  readonly name: string;
  readonly description: string;
  readonly engine: PipelineEngine;
  readonly inputs: readonly PipelineInput[];
  /** JSON Schema 2020-12; every property has a default or is optional, unknown ones are refused. */
  readonly parameters_schema: AnySchemaObject;
  readonly outputs: readonly PipelineOutput[];
  readonly steps: readonly PipelineStep[];
  /** Programs that must be on the execution service's PATH. */
  readonly required_tools: readonly string[];
  /** The workflow's text, null unless `engine` is `cwl`. */
  readonly cwl: string | null;
}

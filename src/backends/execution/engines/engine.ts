import type { JobRow } from '../jobs/execution.tables.js';
import type { ProcessGroup } from '../processes/process-table.js';
import type { StagedInputs } from '../work/input-staging.js';
import type { JobLog } from '../work/job-log.js';

export interface ProducedFile {
  readonly name: string;
  readonly path: string;
}

/** Where an engine says which step it is in. */
export interface StepSink {
  begin(name: string): void;
  /** `fraction` 0 to 1. */
  progress(name: string, fraction: number): void;
  complete(name: string): void;
}

export interface EngineTask {
  readonly job: JobRow;
  readonly inputs: StagedInputs;
  /** Empty, absolute, this attempt's alone; the engine may leave anything in it. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly log: JobLog;
  readonly steps: StepSink;
  /** Records the process group an engine has just started, for whoever finds it left over. */
  onSpawn(group: Omit<ProcessGroup, 'machine'>): void;
}

/** Runs one attempt; throws JobFailure, or the signal's reason once nothing of it runs any more. */
export interface Engine {
  run(task: EngineTask): Promise<readonly ProducedFile[]>;
}

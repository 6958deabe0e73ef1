import type { FastqInput } from '../../fastq/preprocess.types.js';
import { runTask, type TaskControl } from '../../fastq/worker-run.js';
import { analysisTask, type Analysis, type AnalysisOptions } from './analysis-task.js';

const WORK = { entry: new URL('./analysis.worker.js', import.meta.url), task: analysisTask };

/**
 * Quality control of one FASTQ file or of a pair in a worker thread. Rejects with FastqError for input that is not what
 * it should be, and with the signal's reason when aborted.
 */
export function analyse(
  inputs: readonly FastqInput[],
  options: AnalysisOptions,
  control?: TaskControl,
): Promise<Analysis> {
  return runTask(WORK, options, inputs, control);
}

import { rm } from 'node:fs/promises';
import { preprocessTask } from './preprocess-task.js';
import type { FastqInput, PreprocessControl, PreprocessOptions, PreprocessReport } from './preprocess.types.js';
import { runTask } from './worker-run.js';

const ENTRY = new URL('./preprocess.worker.js', import.meta.url);
const ADAPTER = /^[ACGTacgt]{8,128}$/;

/**
 * Trims the adapters and the poor 3' ends of a read pair (Sanger quality encoding) in a worker thread and writes what
 * passes to two gzip files, whose records stay in step. Files already at the output paths are replaced; on failure and
 * on abort neither is left behind.
 *
 * Rejects with FastqError for an input that is not the FASTQ or not the mate it should be, with RangeError for an
 * option out of bounds, with the signal's reason when aborted.
 */
export async function preprocessPair(
  inputs: readonly [FastqInput, FastqInput],
  outputs: readonly [string, string],
  options: PreprocessOptions,
  control: PreprocessControl = {},
): Promise<PreprocessReport> {
  checkOptions(options);
  const [output1, output2] = outputs;
  try {
    const work = { entry: ENTRY, task: preprocessTask };
    return await runTask(work, { trimming: options, output1, output2 }, inputs, control);
  } catch (error) {
    await Promise.all(outputs.map((path) => rm(path, { force: true })));
    throw error;
  }
}

function checkOptions(options: PreprocessOptions): void {
  for (const adapter of [options.adapter1, options.adapter2]) {
    if (adapter !== undefined && !ADAPTER.test(adapter))
      throw new RangeError('an adapter has 8 to 128 letters of ACGT');
  }
  checkWhole('qualityCutoff', options.qualityCutoff, 0, 40);
  checkWhole('minLength', options.minLength, 1, 10_000);
  checkWhole('maxNBases', options.maxNBases, 0, 10_000);
}

function checkWhole(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} is a whole number from ${min} to ${max}`);
  }
}

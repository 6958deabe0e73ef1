import { PreprocessEngine } from './preprocess-engine.js';
import type { PreprocessOptions, PreprocessReport } from './preprocess.types.js';
import type { FastqTask } from './worker-run.js';

export interface PreprocessTaskOptions {
  readonly trimming: PreprocessOptions;
  readonly output1: string;
  readonly output2: string;
}

export const preprocessTask: FastqTask<PreprocessTaskOptions, PreprocessReport> = async (options, inputs, report) => {
  const [input1, input2] = inputs;
  if (input1 === undefined || input2 === undefined) throw new TypeError('a pair has two inputs');
  const files = { input1, input2, output1: options.output1, output2: options.output2 };
  return new PreprocessEngine(files, options.trimming, report).run();
};

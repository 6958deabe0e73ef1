import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FastqError } from '../../fastq/fastq-error.js';
import { preprocessPair } from '../../fastq/preprocess.js';
import type { PreprocessOptions, PreprocessReport } from '../../fastq/preprocess.types.js';
import { JobFailure } from '../work/job-failure.js';
import type { Engine, EngineTask, ProducedFile } from './engine.js';
import { reportDocument, reportPage } from './preprocess-report.js';

/** `fastq-preprocess` in a worker thread of this process: needs no program, and leaves none behind. */
export class NativeEngine implements Engine {
  async run(task: EngineTask): Promise<readonly ProducedFile[]> {
    const { steps, log } = task;
    steps.begin('preprocess');
    const sample = task.job.sampleId;
    const trimmed = [1, 2].map((mate) => fileIn(task, `${sample}_R${mate}.trimmed.fastq.gz`));
    const report = await this.trim(task, trimmed);
    log.line(`trimmed: ${report.before.totalReads} reads read, ${report.after.totalReads} kept`);
    steps.complete('preprocess');
    steps.begin('report');
    const document = reportDocument(task.job, report);
    const json = fileIn(task, `${sample}.preprocess.json`);
    const html = fileIn(task, `${sample}.preprocess.html`);
    await writeFile(json.path, `${JSON.stringify(document, null, 2)}\n`);
    await writeFile(html.path, reportPage(document));
    steps.complete('report');
    return [...trimmed, json, html];
  }

  private async trim({ inputs, job, signal, steps }: EngineTask, outputs: ProducedFile[]): Promise<PreprocessReport> {
    const { reads_1: reads1, reads_2: reads2 } = inputs;
    const [output1, output2] = outputs;
    if (!reads1 || !reads2 || !output1 || !output2) throw new JobFailure('input_missing', 'The pair is not complete.');
    const total = (await stat(reads1)).size + (await stat(reads2)).size;
    const onProgress = (bytes: number): void => steps.progress('preprocess', bytes / Math.max(1, total));
    try {
      const files = [output1.path, output2.path] as const;
      return await preprocessPair([reads1, reads2], files, optionsOf(job.parameters), { signal, onProgress });
    } catch (error) {
      // FastqError names the record, never its content.
      if (error instanceof FastqError) throw new JobFailure(error.code, error.message);
      throw error;
    }
  }
}

const fileIn = (task: EngineTask, name: string): ProducedFile => ({ name, path: join(task.directory, name) });

// The pipelines service has held the parameters against the schema and filled the defaults.
function optionsOf(parameters: Record<string, unknown>): PreprocessOptions {
  const text = (name: string): string | undefined => {
    const value = parameters[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    adapter1: text('adapter_1'),
    adapter2: text('adapter_2'),
    qualityCutoff: Number(parameters['quality_cutoff']),
    minLength: Number(parameters['min_length']),
    maxNBases: Number(parameters['max_n_bases']),
  };
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toolPath } from '../../service/tool-path.js';
import { JOB_VARIABLE, markOf } from '../processes/job-processes.js';
import { runProcess } from '../processes/process-run.js';
import type { StagedInputs } from '../work/input-staging.js';
import { JobFailure } from '../work/job-failure.js';
import { producedFiles } from './cwl-outputs.js';
import { stepMark } from './cwl-progress.js';
import type { Engine, EngineTask, ProducedFile } from './engine.js';

const CWLTOOL = 'cwltool';

/** Runs a workflow with cwltool: no container, no network of its own, nothing of this process's environment but PATH. */
export class CwlEngine implements Engine {
  constructor(private readonly path: string = toolPath()) {}

  async run(task: EngineTask): Promise<readonly ProducedFile[]> {
    const { directory, job, log, signal, steps } = task;
    const outputs = join(directory, 'outputs');
    await writeTask(task);
    let failedStep: string | undefined;
    const { exitCode, stdout } = await runProcess({
      command: CWLTOOL,
      args: argumentsIn(directory, outputs),
      directory,
      environment: this.environmentFor(job.jobId, directory),
      mark: markOf(job.jobId),
      signal,
      onSpawn: (group) => task.onSpawn(group),
      onLine: (line) => {
        log.line(line);
        const mark = stepMark(line);
        if (mark?.state === 'started') steps.begin(mark.step);
        if (mark?.state === 'succeeded') steps.complete(mark.step);
        if (mark?.state === 'failed') failedStep ??= mark.step;
      },
    });
    if (exitCode !== 0) throw workflowFailed(failedStep);
    return producedFiles(stdout, outputs);
  }

  private environmentFor(jobId: string, directory: string): Record<string, string> {
    return {
      PATH: this.path,
      HOME: directory,
      TMPDIR: join(directory, 'tmp'),
      LC_ALL: 'C.UTF-8',
      PYTHONDONTWRITEBYTECODE: '1',
      [JOB_VARIABLE]: jobId,
    };
  }
}

const argumentsIn = (directory: string, outputs: string): string[] => [
  '--no-container',
  '--disable-color',
  '--no-doc-cache',
  '--on-error',
  'stop',
  // Tools get a clean environment; the job's mark must reach them, or a left-over tool could not be found.
  '--preserve-environment',
  JOB_VARIABLE,
  '--outdir',
  outputs,
  '--tmpdir-prefix',
  join(directory, 'tmp', 't-'),
  '--tmp-outdir-prefix',
  join(directory, 'tmp', 'o-'),
  join(directory, 'workflow.cwl'),
  join(directory, 'job.json'),
];

async function writeTask({ directory, job, inputs }: EngineTask): Promise<void> {
  if (job.definition.cwl === null) throw new JobFailure('workflow_missing', 'The pipeline has no workflow.');
  await mkdir(join(directory, 'tmp'), { mode: 0o700 });
  await writeFile(join(directory, 'workflow.cwl'), job.definition.cwl);
  const values = { ...job.parameters, sample: job.sampleId, ...filesOf(inputs) };
  await writeFile(join(directory, 'job.json'), JSON.stringify(values));
}

const filesOf = (inputs: StagedInputs) =>
  Object.fromEntries(Object.entries(inputs).map(([name, path]) => [name, { class: 'File', path }]));

const workflowFailed = (step: string | undefined): JobFailure =>
  new JobFailure(
    'workflow_failed',
    step === undefined ? 'The workflow failed; its log says why.' : `Step ${step} failed; the log says why.`,
  );

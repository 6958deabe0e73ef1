import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Peers } from '../../service/peers.js';
import { BackendProblem } from '../../service/problem.js';
import type { ProducedFile } from '../engines/engine.js';
import type { JobRow } from '../jobs/execution.tables.js';
import { JobFailure } from './job-failure.js';
import { withRetries } from './peer-retry.js';

interface DescribedFile {
  readonly path: string;
  readonly name: string;
  readonly media_type: string;
  readonly description: string;
  readonly sha256: string;
  readonly size: number;
}

/** Brings a job's outputs to the results service: first every file, then the manifest that makes them visible at once. */
export class ResultPublishing {
  constructor(private readonly peers: Peers) {}

  /** Sends the files the pipeline declares; throws JobFailure `output_missing` when the engine did not make one. */
  async send(
    job: JobRow,
    produced: readonly ProducedFile[],
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<readonly DescribedFile[]> {
    const files = await describe(job, produced);
    for (const [index, file] of files.entries()) {
      await withRetries(signal, () =>
        this.peers.upload('results', `/results/${job.jobId}/files/${file.name}`, createReadStream(file.path), {
          headers: { 'x-sha256': file.sha256, 'content-length': String(file.size) },
          signal,
        }),
      );
      onProgress((index + 1) / (files.length + 1));
    }
    return files;
  }

  /** Completes the results; repeating it with the same files changes nothing. */
  async complete(job: JobRow, files: readonly DescribedFile[], signal: AbortSignal): Promise<void> {
    const body = {
      sample_id: job.sampleId,
      pipeline_id: job.pipelineId,
      pipeline_version: job.pipelineVersion,
      owner: job.owner,
      project_id: job.project,
      files: files.map(({ name, media_type, description, sha256, size }) => ({
        name,
        media_type,
        description,
        sha256,
        size,
      })),
    };
    await withRetries(signal, () => this.peers.json('results', 'POST', `/results/${job.jobId}`, { body, signal }));
  }

  /** Whether an earlier life of the job completed its results before it ended. */
  async areComplete(jobId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await withRetries(signal, () => this.peers.json('results', 'GET', `/results/${jobId}`, { signal }));
      return true;
    } catch (error) {
      if (error instanceof BackendProblem && error.status === 404) return false;
      throw error;
    }
  }
}

async function describe(job: JobRow, produced: readonly ProducedFile[]): Promise<DescribedFile[]> {
  const described: DescribedFile[] = [];
  for (const output of job.definition.outputs) {
    const name = output.name.replaceAll('{sample_id}', job.sampleId);
    const file = produced.find((each) => each.name === name);
    if (file === undefined) throw new JobFailure('output_missing', 'The pipeline ended without one of its outputs.');
    const { size } = await stat(file.path);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file.path), hash);
    const { media_type, description } = output;
    described.push({ path: file.path, name, media_type, description, size, sha256: hash.digest('hex') });
  }
  return described;
}

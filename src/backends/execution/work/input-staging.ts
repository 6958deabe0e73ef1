import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Peers } from '../../service/peers.js';
import { BackendProblem } from '../../service/problem.js';
import type { InputFile, InputFiles, InputName } from '../jobs/job.types.js';
import { JobFailure } from './job-failure.js';
import { withRetries } from './peer-retry.js';

export type StagedInputs = Partial<Record<InputName, string>>;

// The names are ours: what a client called its files never reaches a command line.
const STEM: Readonly<Record<InputName, string>> = {
  reads_1: 'reads_1.fastq',
  reads_2: 'reads_2.fastq',
  reference: 'reference.fa',
};

/** Copies a job's inputs from the ingestion service into `directory` and holds each against its recorded size and sha256. */
export class InputStaging {
  constructor(private readonly peers: Peers) {}

  /** `onProgress` gets a fraction of all bytes. Throws JobFailure `input_gone`, `input_corrupt`. */
  async stage(
    inputs: InputFiles,
    directory: string,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<StagedInputs> {
    const total = Object.values(inputs).reduce((sum, file) => sum + file.size_bytes, 0);
    const staged: StagedInputs = {};
    let before = 0;
    for (const name of ['reads_1', 'reads_2', 'reference'] as const) {
      const file = inputs[name];
      if (file === undefined) continue;
      const path = join(directory, `${STEM[name]}${file.compression === 'gzip' ? '.gz' : ''}`);
      const report = (received: number): void => onProgress((before + received) / Math.max(1, total));
      await withRetries(signal, () => this.fetch(file, path, signal, report));
      staged[name] = path;
      before += file.size_bytes;
    }
    return staged;
  }

  private async fetch(
    file: InputFile,
    path: string,
    signal: AbortSignal,
    onReceived: (bytes: number) => void,
  ): Promise<void> {
    const hash = createHash('sha256');
    let received = 0;
    const check = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        received += chunk.length;
        if (received > file.size_bytes) return done(corrupt());
        hash.update(chunk);
        onReceived(received);
        return done(null, chunk);
      },
    });
    try {
      const content = await this.peers.download('ingestion', `/upload/${file.upload_id}/content`, { signal });
      await pipeline(content, check, createWriteStream(path, { mode: 0o600 }), { signal });
    } catch (error) {
      throw fetchFailure(error, signal);
    }
    if (received !== file.size_bytes || hash.digest('hex') !== file.sha256) throw corrupt();
  }
}

const corrupt = (): JobFailure =>
  new JobFailure('input_corrupt', 'An input does not have the size and sha256 it was checked with.');

// A connection that breaks in the middle of a body is no problem document; it is worth another try all the same.
function fetchFailure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof JobFailure) return error;
  if (error instanceof BackendProblem) {
    return error.status < 500 ? new JobFailure('input_gone', 'An input can no longer be read.') : error;
  }
  if ((error as NodeJS.ErrnoException).syscall !== undefined && (error as NodeJS.ErrnoException).code === 'ENOSPC') {
    return new JobFailure('storage_full', 'There is no room to run the job.');
  }
  return new BackendProblem(502, 'peer_unavailable', 'The ingestion service broke off.');
}

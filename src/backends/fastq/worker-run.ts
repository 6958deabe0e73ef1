import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { FastqError, type FastqFault } from './fastq-error.js';
import { openInput } from './fastq-source.js';
import type { FastqInput } from './preprocess.types.js';
import { InputFeed, fedBytes, type WorkerInput } from './worker-input.js';

/** JavaScript heap of one worker; counters lie outside it and are bounded by the read length. */
const HEAP_MB = 512;

/** Work on FASTQ inputs: `report` takes the compressed bytes read so far. Options and result must be cloneable. */
export type FastqTask<O, R> = (
  options: O,
  inputs: readonly AsyncIterable<Uint8Array>[],
  report: (bytesRead: number) => void,
) => Promise<R>;

export interface TaskControl {
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytesRead: number) => void;
}

type Message<R> =
  | { readonly progress: number }
  | { readonly result: R }
  | { readonly fault: { readonly code: FastqFault; readonly record: number | null; readonly message: string } }
  | { readonly failed: { readonly message: string; readonly code: string | undefined } };

interface Job<O> {
  readonly options: O;
  readonly inputs: readonly WorkerInput[];
}

/**
 * Runs a task in a worker thread of its own, whose entry is the compiled file `entry`. Where there is no compiled file
 * (the sources run as they are, as in unit tests) the task runs on this thread. Rejects with FastqError for bad input,
 * with the signal's reason when aborted, and with the input stream's own error when that breaks.
 */
export async function runTask<O, R>(
  work: { readonly entry: URL; readonly task: FastqTask<O, R> },
  options: O,
  inputs: readonly FastqInput[],
  control: TaskControl = {},
): Promise<R> {
  control.signal?.throwIfAborted();
  if (existsSync(fileURLToPath(work.entry))) return runInWorker<O, R>(work.entry, options, inputs, control);
  const report = (bytesRead: number): void => {
    control.signal?.throwIfAborted();
    control.onProgress?.(bytesRead);
  };
  return work.task(options, inputs.map(openInput), report);
}

async function runInWorker<O, R>(
  entry: URL,
  options: O,
  inputs: readonly FastqInput[],
  control: TaskControl,
): Promise<R> {
  const feeds: InputFeed[] = [];
  const ports: MessagePort[] = [];
  const posted = inputs.map((input): WorkerInput => {
    if (typeof input === 'string') return { path: input };
    const feed = new InputFeed(input);
    feeds.push(feed);
    ports.push(feed.port);
    return { port: feed.port };
  });
  const worker = new Worker(entry, {
    workerData: { options, inputs: posted } satisfies Job<O>,
    transferList: ports,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    env: {},
  });
  const broken = Promise.all(feeds.map((feed) => feed.run())).then(() => new Promise<never>(() => undefined));
  try {
    return await Promise.race([outcome<R>(worker, control), broken]);
  } finally {
    for (const feed of feeds) feed.stop();
    await worker.terminate();
  }
}

function outcome<R>(worker: Worker, { signal, onProgress }: TaskControl): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    const aborted = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', aborted, { once: true });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the worker ended without a result')));
    worker.on('message', (message: Message<R>) => {
      if ('progress' in message) onProgress?.(message.progress);
      else if ('result' in message) resolve(message.result);
      else if ('fault' in message) reject(faultFrom(message.fault));
      else reject(Object.assign(new Error(message.failed.message), { code: message.failed.code }));
    });
    worker.once('exit', () => signal?.removeEventListener('abort', aborted));
  });
}

// The record number is part of the message already.
function faultFrom({
  code,
  record,
  message,
}: {
  code: FastqFault;
  record: number | null;
  message: string;
}): FastqError {
  return new FastqError(code, record, record === null ? message : message.replace(`record ${record}: `, ''));
}

/** The body of a worker file: runs `task` on what this thread was started with. */
export async function serveTask<O, R>(task: FastqTask<O, R>): Promise<void> {
  const { options, inputs } = workerData as Job<O>;
  const post = (message: Message<R>): void => parentPort?.postMessage(message);
  try {
    const opened = inputs.map((input) => ('path' in input ? openInput(input.path) : fedBytes(input.port)));
    post({ result: await task(options, opened, (progress) => post({ progress })) });
  } catch (error) {
    if (error instanceof FastqError)
      post({ fault: { code: error.code, record: error.record, message: error.message } });
    else post({ failed: { message: String(error), code: (error as NodeJS.ErrnoException).code } });
  }
}

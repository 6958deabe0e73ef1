import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { processesMarked, sendSignal, startOf } from './process-table.js';

/** Between SIGTERM and SIGKILL. */
export const TERMINATE_GRACE_MS = 5_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const MAX_LINE_CHARACTERS = 64 * 1024;
const POLL_MS = 50;

export interface ProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** All the process sees of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** `NAME=value` out of `environment` that every process of the run carries, also one that left the group. */
  readonly mark: string;
  readonly signal: AbortSignal;
  onSpawn(group: { pgid: number; start: string }): void;
  /** A line of standard error. */
  onLine(line: string): void;
}

export interface ProcessEnd {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  /** At most 4 MiB; what follows is dropped, which breaks the JSON in it. */
  readonly stdout: string;
}

/**
 * Runs a program as the leader of a process group of its own. Returns only when nothing of the group is left; an abort
 * ends the whole group, by SIGTERM, then SIGKILL, and throws the signal's reason.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessEnd> {
  request.signal.throwIfAborted();
  const child = spawn(request.command, request.args, {
    cwd: request.directory,
    env: request.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = endOf(child);
  const output = collect(child, (line) => request.onLine(line));
  const { pid } = child;
  if (pid !== undefined) request.onSpawn({ pgid: pid, start: (await startOf(pid)) ?? '' });
  const stop = (): void => {
    if (pid !== undefined) void terminate(pid, request.mark);
  };
  request.signal.addEventListener('abort', stop, { once: true });
  if (request.signal.aborted) stop();
  try {
    const exitCode = await ended;
    if (pid !== undefined) await endGroup(pid, request.mark);
    request.signal.throwIfAborted();
    return { exitCode, stdout: output() };
  } finally {
    request.signal.removeEventListener('abort', stop);
  }
}

/** SIGTERM to the group, SIGKILL to what is left of it after the grace. */
async function terminate(pgid: number, mark: string): Promise<void> {
  sendSignal(-pgid, 'SIGTERM');
  for (let waited = 0; waited < TERMINATE_GRACE_MS && isGroupAlive(pgid); waited += POLL_MS) await sleep(POLL_MS);
  await endGroup(pgid, mark);
}

/** The leader is gone or out of time: whatever it left behind goes too. */
async function endGroup(pgid: number, mark: string): Promise<void> {
  if (isGroupAlive(pgid)) sendSignal(-pgid, 'SIGKILL');
  for (const pid of await processesMarked(mark)) sendSignal(pid, 'SIGKILL');
}

function isGroupAlive(pgid: number): boolean {
  try {
    process.kill(-pgid, 0);
    return true;
  } catch {
    return false;
  }
}

// 'close' waits for the pipes, which a stray child may hold open; the process itself is what counts.
const endOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      const timer = setTimeout(() => resolve(code), 1_000);
      child.once('close', () => {
        clearTimeout(timer);
        resolve(code);
      });
    });
  });

function collect(child: ChildProcess, onLine: (line: string) => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_OUTPUT_BYTES) chunks.push(chunk);
  });
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    for (const line of lines) onLine(line);
  });
  child.stderr?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

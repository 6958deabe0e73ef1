import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isIdentifier } from '../../service/identifiers.js';

/** Most bytes kept of a job's log, over all its attempts. */
export const MAX_LOG_BYTES = 4 * 1024 * 1024;
const MAX_LINE_CHARACTERS = 4096;
const END_OF_LOG = '[the log ends here: it has reached its greatest size]\n';
/** A log beyond this is full: the longest line and the closing one still fit under MAX_LOG_BYTES. */
const FULL_BYTES = MAX_LOG_BYTES - 4 * MAX_LINE_CHARACTERS;

// ANSI sequences first, then what is left of control characters, so that a terminal shows the log without obeying it.
const SEQUENCES = /\u001b\[[0-9;?]*[A-Za-z]/g;
const CONTROLS = /[\p{Cc}\p{Cf}]/gu;

export const logPath = (directory: string, jobId: string): string => {
  if (!isIdentifier(jobId)) throw new RangeError('not a job id');
  return join(directory, `${jobId}.log`);
};

/** What a job's programs said, line by line, on disk; bounded, so that no job fills it. */
export class JobLog {
  private isFull: boolean;

  private constructor(
    private readonly file: WriteStream,
    private size: number,
    private readonly now: () => number,
  ) {
    this.isFull = size > FULL_BYTES;
    // A disk that is full costs the log, not the job.
    file.on('error', () => {
      this.isFull = true;
    });
  }

  /** Opens the log for appending: a later attempt continues it. */
  static async open(path: string, now: () => number): Promise<JobLog> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const size = await stat(path).then(
      (known) => known.size,
      () => 0,
    );
    return new JobLog(createWriteStream(path, { flags: 'a', mode: 0o600 }), size, now);
  }

  line(text: string): void {
    if (this.isFull) return;
    const clean = text.replace(SEQUENCES, '').replaceAll('\t', ' ').replace(CONTROLS, '').slice(0, MAX_LINE_CHARACTERS);
    const entry = `${new Date(this.now()).toISOString()} ${clean}\n`;
    this.size += Buffer.byteLength(entry);
    this.file.write(entry);
    if (this.size > FULL_BYTES) {
      this.isFull = true;
      this.file.write(END_OF_LOG);
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.file.destroyed) resolve();
      else this.file.once('close', resolve).end();
    });
  }
}

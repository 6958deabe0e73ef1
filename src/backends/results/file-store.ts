import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { BackendClock } from '../service/clock.js';
import { bodyBrokeOff, checksumMismatch, fileTooLarge, storageFull } from './results.problems.js';

/** A file that nobody has written to for this long was left by a process that died. */
const ABANDONED_AFTER_MS = 3_600_000;

/** Bytes that arrived whole. */
export interface StoredFile {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Result files on disk, each under its job's directory by its own sha256: no name a caller gives ever becomes a path,
 * a file is never changed once it is there, and a broken or wrong transfer leaves nothing.
 */
export class FileStore {
  private readonly incoming: string;

  private constructor(
    readonly root: string,
    private readonly maxBytes: number,
  ) {
    this.incoming = join(root, 'incoming');
  }

  /** Opens the store in `root` (absolute) and removes what interrupted transfers have left there. */
  static async open(root: string, maxBytes: number, clock: BackendClock): Promise<FileStore> {
    const store = new FileStore(root, maxBytes);
    await mkdir(store.incoming, { recursive: true, mode: 0o700 });
    for (const name of await readdir(store.incoming)) {
      const path = join(store.incoming, name);
      const { mtimeMs } = await stat(path);
      if (clock.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
    }
    return store;
  }

  /** Where a job's file lies, relative to `root`. Both arguments must have been checked: an identifier and a sha256. */
  pathOf(jobId: string, sha256: string): string {
    return join('files', jobId, sha256);
  }

  /**
   * Writes `content` to disk and returns once it is there to stay. Throws `checksum_mismatch`, `file_too_large`,
   * `storage_full`, or `malformed_body` when the sender went away.
   */
  async receive(jobId: string, content: Readable, expectedSha256: string): Promise<StoredFile> {
    const partial = join(this.incoming, randomUUID());
    try {
      const stored = await this.write(partial, content);
      if (stored.sha256 !== expectedSha256) throw checksumMismatch();
      await this.publish(partial, jobId, stored.sha256);
      return stored;
    } catch (error) {
      await rm(partial, { force: true });
      throw isFull(error) ? storageFull() : error;
    }
  }

  /** Removes the job's files whose sha256 is not in `kept`. */
  async keepOnly(jobId: string, kept: ReadonlySet<string>): Promise<void> {
    const directory = join(this.root, 'files', jobId);
    const names = await readdir(directory).catch(() => []);
    await Promise.all(names.filter((name) => !kept.has(name)).map((name) => rm(join(directory, name))));
  }

  private async write(path: string, content: Readable): Promise<StoredFile> {
    const digest = createHash('sha256');
    const file = await open(path, 'wx', 0o600);
    let size = 0;
    try {
      for await (const chunk of chunksOf(content)) {
        size += chunk.length;
        if (size > this.maxBytes) throw fileTooLarge();
        digest.update(chunk);
        await writeAll(file, chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { sha256: digest.digest('hex'), size };
  }

  private async publish(partial: string, jobId: string, sha256: string): Promise<void> {
    const directory = join(this.root, 'files', jobId);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await rename(partial, join(directory, sha256));
    // The name is as durable as the bytes only once the directory itself has been written.
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

async function* chunksOf(content: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of content) yield chunk as Buffer;
  } catch {
    throw bodyBrokeOff();
  }
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, offset);
    offset += bytesWritten;
  }
}

const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');

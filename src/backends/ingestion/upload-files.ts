import { mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { storageFull, writeProblem } from './upload.problems.js';

/**
 * Where uploads lie: `partial/<id>` while they come in, `complete/<id>` from the rename on. A file is flushed before it
 * is renamed and the directory after, so what was acknowledged is there after a crash or a power cut.
 */
export class UploadFiles {
  private constructor(
    private readonly partial: string,
    readonly complete: string,
  ) {}

  static async in(directory: string): Promise<UploadFiles> {
    const files = new UploadFiles(join(directory, 'partial'), join(directory, 'complete'));
    await mkdir(files.partial, { recursive: true, mode: 0o700 });
    await mkdir(files.complete, { recursive: true, mode: 0o700 });
    return files;
  }

  partialPath(id: string): string {
    return join(this.partial, id);
  }

  /** Opens the partial file for appending, making it where it is missing. */
  openPartial(id: string): Promise<PartialFile> {
    return PartialFile.open(this.partialPath(id));
  }

  async receivedBytes(id: string): Promise<number> {
    return sizeOf(this.partialPath(id));
  }

  /** Refuses with 507 a file that is known not to fit. */
  async requireRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.partial);
    if (bytes > bavail * bsize) throw storageFull();
  }

  async commit(id: string): Promise<void> {
    await flush(this.partialPath(id));
    await rename(this.partialPath(id), join(this.complete, id));
    await flush(this.complete);
  }

  /** Undoes a commit whose record could not be written. */
  async isCommitted(id: string): Promise<boolean> {
    return (await sizeOf(join(this.complete, id))) > 0;
  }

  async remove(id: string): Promise<void> {
    await rm(this.partialPath(id), { force: true });
    await rm(join(this.complete, id), { force: true });
  }

  /** Moves a file whose commit was interrupted back to where it can be finished. */
  async uncommit(id: string): Promise<void> {
    await rename(join(this.complete, id), this.partialPath(id));
  }

  /** Ids of all files that nobody has written to since `before` (milliseconds since the epoch). */
  async untouchedSince(before: number): Promise<string[]> {
    const ids: string[] = [];
    for (const directory of [this.partial, this.complete]) {
      for (const id of await readdir(directory)) {
        const found = await stat(join(directory, id)).catch(() => undefined);
        if (found !== undefined && Math.max(found.mtimeMs, found.ctimeMs) < before) ids.push(id);
      }
    }
    return ids;
  }
}

/** A file that is being appended to; failures for want of room are 507 `storage_full`. */
export class PartialFile {
  private constructor(
    private readonly handle: FileHandle,
    private position: number,
  ) {}

  static async open(path: string): Promise<PartialFile> {
    try {
      const handle = await open(path, 'a', 0o600);
      return new PartialFile(handle, (await handle.stat()).size);
    } catch (error) {
      throw writeProblem(error);
    }
  }

  get size(): number {
    return this.position;
  }

  async append(chunk: Uint8Array): Promise<void> {
    try {
      let written = 0;
      while (written < chunk.length) {
        written += (await this.handle.write(chunk, written, chunk.length - written)).bytesWritten;
      }
      this.position += written;
    } catch (error) {
      throw writeProblem(error);
    }
  }

  async flush(): Promise<void> {
    await this.handle.sync().catch((error: unknown) => {
      throw writeProblem(error);
    });
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

const sizeOf = async (path: string): Promise<number> => {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
};

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    throw writeProblem(error);
  } finally {
    await handle.close();
  }
}

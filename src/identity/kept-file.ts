import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';

const MODE = 0o600;

/**
 * State of one process that has no Redis, in a JSON file that only its owner may read. The file is replaced as a whole
 * and on the disk when `write` resolves, so that a crash leaves the old one or the new one.
 */
export class KeptFile<Content> {
  #work: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly schema: z.ZodType<Content>,
  ) {}

  /** Undefined where nothing was kept yet; throws where the file is not what was kept, for to go on would lose it. */
  read(): Content | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return this.schema.parse(JSON.parse(text));
    } catch {
      // Without the cause: it would quote the content.
      throw new Error(`${this.path} is damaged; restore it from a backup, or remove it to begin anew`);
    }
  }

  /** One at a time and in order; rejects when the disk did not take it. */
  write(content: object): Promise<void> {
    const text = JSON.stringify(content);
    this.#work = this.#work.then(
      () => this.#replace(text),
      () => this.#replace(text),
    );
    return this.#work;
  }

  async #replace(text: string): Promise<void> {
    const directory = dirname(this.path);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const next = `${this.path}.${randomUUID()}`;
    try {
      await writeThrough(next, text);
      await rename(next, this.path);
      await syncDirectory(directory);
    } catch (error) {
      await rm(next, { force: true });
      throw error;
    }
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../kernel/clock.js';
import { auditStateChanged, type AuditStateChanged } from '../kernel/events.js';
import { chained, type AuditFact, type ChainHead } from './audit-chain.js';
import { fileName, recover } from './audit-files.js';

export interface AuditWriterOptions {
  readonly directory: string;
  /** A file is closed and the next begun once it holds this much. */
  readonly rotateBytes?: number;
  /** Facts that may wait in memory while the disk does not take them. */
  readonly maxWaiting?: number;
}

const DEFAULT_ROTATE_BYTES = 64 * 1_048_576;
const DEFAULT_MAX_WAITING = 10_000;
const RETRY_MS = 1_000;

/**
 * Appends facts to the chain: all that arrived while the last batch was being written go out as one write and one
 * fdatasync. A batch that fails is tried again; what finds no room meanwhile is counted, and the count is recorded.
 */
export class AuditWriter {
  readonly #rotateBytes: number;
  readonly #maxWaiting: number;
  #waiting: AuditFact[] = [];
  #lost = 0;
  #head: ChainHead;
  #fileNumber: number;
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #work: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #state: AuditStateChanged['state'] = 'writing';

  constructor(
    private readonly options: AuditWriterOptions,
    private readonly clock: Clock,
  ) {
    this.#rotateBytes = options.rotateBytes ?? DEFAULT_ROTATE_BYTES;
    this.#maxWaiting = options.maxWaiting ?? DEFAULT_MAX_WAITING;
    const { number, head, tornBytes } = recover(options.directory);
    this.#head = head;
    this.#fileNumber = number;
    if (tornBytes > 0) this.record({ event: 'record-recovered', at: this.#now(), torn_bytes: tornBytes });
  }

  /** Takes a fact to be written; never throws and never waits. */
  record(fact: AuditFact): void {
    if (this.#waiting.length >= this.#maxWaiting) {
      this.#lost += 1;
      this.#tell('lossy');
      return;
    }
    this.#waiting.push(fact);
    if (this.#work === undefined && this.#retry === undefined) this.#start();
  }

  /** Resolves when all that was recorded so far is on the disk, or one more attempt to write it has failed. */
  async flush(): Promise<void> {
    if (this.#work === undefined && this.#waiting.length > 0) this.#start();
    await this.#work;
  }

  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#retry);
    await this.#file?.close();
    this.#file = undefined;
  }

  #start(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#work = this.#writeAll().finally(() => {
      this.#work = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    // One turn of the event loop gathers what the same burst brings.
    await new Promise((resume) => setImmediate(resume));
    while (this.#waiting.length > 0) {
      try {
        await this.#writeBatch();
      } catch {
        this.#tell('failing');
        this.#retry = setTimeout(() => this.#start(), RETRY_MS).unref();
        return;
      }
    }
    this.#tell('writing');
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#waiting.slice();
    const lost = this.#lost;
    if (lost > 0) batch.push({ event: 'entries-lost', at: this.#now(), count: lost });
    let head = this.#head;
    const lines = batch.map((fact) => {
      const entry = chained(fact, head);
      head = entry.head;
      return `${entry.line}\n`;
    });
    await this.#append(Buffer.from(lines.join('')));
    this.#head = head;
    this.#waiting.splice(0, batch.length - (lost > 0 ? 1 : 0));
    this.#lost -= lost;
  }

  async #append(bytes: Buffer): Promise<void> {
    const file = await this.#openFile();
    try {
      await file.writev([bytes], this.#fileBytes);
      await file.datasync();
    } catch (error) {
      // What was half written must not stand in the chain: the next attempt writes over it.
      await file.truncate(this.#fileBytes).catch(() => undefined);
      throw error;
    }
    this.#fileBytes += bytes.length;
  }

  async #openFile(): Promise<FileHandle> {
    if (this.#file !== undefined && this.#fileBytes < this.#rotateBytes) return this.#file;
    if (this.#file !== undefined) {
      await this.#file.close();
      this.#file = undefined;
      this.#fileNumber += 1;
    }
    const path = join(this.options.directory, fileName(this.#fileNumber));
    // Not for appending: a failed write is overwritten at the place where the chain ended.
    const file = await open(path, 'r+').catch(() => open(path, 'wx+', 0o600));
    this.#fileBytes = (await file.stat()).size;
    this.#file = file;
    return file;
  }

  #tell(state: AuditStateChanged['state']): void {
    if (this.#state === state) return;
    this.#state = state;
    auditStateChanged.publish({ state });
  }

  #now(): string {
    return new Date(this.clock.now()).toISOString();
  }
}

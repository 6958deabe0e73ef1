import { createGunzip, type Gunzip } from 'node:zlib';
import { contentError, ContentError } from './content-fault.js';

const CHUNK_BYTES = 512 * 1024;
/** Sequencing data shrinks to a third or a tenth; far beyond that, and beyond a size that does no harm, it is a bomb. */
const MAX_RATIO = 200;
const HARMLESS_BYTES = 256 * 1024 * 1024;

/**
 * Gzip (RFC 1952) of any number of members, pushed in and out piece by piece, one piece at a time. Refuses damage,
 * truncation, bytes behind the last member, and content that grows beyond all reason.
 */
export class GunzipStage {
  private readonly gunzip: Gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  private failure: unknown;
  private ended = false;
  private consumed = 0;
  private produced = 0;
  private readonly waiting: Buffer[] = [];
  private wake: (() => void) | undefined;

  constructor(private readonly sink: (chunk: Buffer) => void) {
    this.gunzip.on('data', (chunk: Buffer) => {
      this.waiting.push(chunk);
      // Once this handler returns zlib starts on the next piece, on another thread; only then look at this one.
      queueMicrotask(() => {
        this.deliverWaiting();
      });
    });
    this.gunzip.on('end', () => {
      this.ended = true;
      this.wake?.();
    });
    this.gunzip.on('error', (error) => {
      this.fail(faultOf(error));
    });
  }

  async push(chunk: Buffer): Promise<void> {
    this.consumed += chunk.length;
    if (this.ended) throw trailingBytes();
    await this.until((done) => this.gunzip.write(chunk, done));
  }

  async end(): Promise<void> {
    if (!this.ended) {
      await this.until(() => this.gunzip.end());
    }
    if (this.gunzip.bytesWritten < this.consumed) throw trailingBytes();
  }

  close(): void {
    this.gunzip.destroy();
  }

  private async until(begin: (done: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (this.failure !== undefined) resolve();
      else begin(resolve);
    });
    this.wake = undefined;
    this.deliverWaiting();
    if (this.failure !== undefined) throw this.failure as Error;
  }

  private deliverWaiting(): void {
    for (const chunk of this.waiting.splice(0)) this.deliver(chunk);
  }

  private deliver(chunk: Buffer): void {
    if (this.failure !== undefined) return;
    this.produced += chunk.length;
    if (this.produced > HARMLESS_BYTES && this.produced > this.consumed * MAX_RATIO) {
      this.fail(
        contentError('upload_too_large', `The content grows more than ${MAX_RATIO} times when it is decompressed.`),
      );
      return;
    }
    try {
      this.sink(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.gunzip.destroy();
    this.wake?.();
  }
}

const trailingBytes = (): ContentError => contentError('gzip_corrupt', 'Bytes stand behind the end of the gzip data.');

function faultOf(error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return contentError('gzip_truncated', 'The gzip data ends too early.');
  if (code === 'Z_DATA_ERROR' || code === 'Z_NEED_DICT')
    return contentError('gzip_corrupt', 'The gzip data is damaged.');
  return error;
}

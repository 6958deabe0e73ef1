import { FastqBatch, type Read } from './fastq-batch.js';
import { FastqScanner } from './fastq-scanner.js';
import { openInput, plainBytes } from './fastq-source.js';
import type { FastqInput } from './preprocess.types.js';

/** Reads records one after another, a batch of them per await, so that memory stays bounded by one inflated piece. */
export class FastqReader {
  private readonly batch = new FastqBatch();
  private readonly scanner = new FastqScanner((buffer, span) => this.batch.add(buffer, span));
  private readonly pieces: AsyncGenerator<Uint8Array>;
  private position = 0;
  private ended = false;

  constructor(input: FastqInput | AsyncIterable<Uint8Array>, onBytes?: (bytes: number) => void) {
    this.pieces = plainBytes(typeof input === 'string' ? openInput(input) : input, onBytes);
  }

  /** Records taken so far. */
  get taken(): number {
    return this.scanner.count - (this.batch.count - this.position);
  }

  /** Whether a record can be taken now; when not, {@link refill} is due. */
  get pending(): boolean {
    return this.position < this.batch.count;
  }

  take(read: Read): void {
    this.batch.select(this.position, read);
    this.position += 1;
  }

  /** Loads the next batch; false at the end of the file. Reads taken before are no longer valid. */
  async refill(): Promise<boolean> {
    this.batch.clear();
    this.position = 0;
    while (this.batch.count === 0 && !this.ended) {
      const next = await this.pieces.next();
      if (next.done === true) {
        this.ended = true;
        this.scanner.end();
      } else {
        this.scanner.push(next.value);
      }
    }
    return this.batch.count > 0;
  }

  async close(): Promise<void> {
    await this.pieces.return(undefined);
  }
}

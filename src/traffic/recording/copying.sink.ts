import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ResponseSink } from '../../kernel/exchange.js';
import { MAX_RECORDED_BYTES, type RecordedAnswer } from './recorded-answer.js';

export interface AnswerReader {
  /** Whether an answer with this head is worth copying. */
  wants(status: number, fields: readonly string[]): boolean;
  /** The whole answer, after it went on its way. */
  take(answer: RecordedAnswer): void;
}

/** Passes an answer on as it comes and keeps a copy, unless it grows over `maxBytes` or breaks off. */
export class CopyingSink implements ResponseSink {
  #head: { status: number; fields: readonly string[] } | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly target: ResponseSink,
    private readonly reader: AnswerReader,
    private readonly maxBytes = MAX_RECORDED_BYTES,
  ) {}

  head(status: number, fields: readonly string[]): void {
    if (this.reader.wants(status, fields)) this.#head = { status, fields: [...fields] };
    this.target.head(status, fields);
  }

  write(chunk: Buffer): boolean {
    if (this.#head !== undefined) this.#keep(chunk);
    return this.target.write(chunk);
  }

  onDrain(resume: () => void): void {
    this.target.onDrain(resume);
  }

  end(): void {
    this.target.end();
    if (this.#head !== undefined) this.reader.take({ ...this.#head, body: Buffer.concat(this.#chunks, this.#bytes) });
    this.#forget();
  }

  abort(error: GatewayError): void {
    this.#forget();
    this.target.abort(error);
  }

  #keep(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.maxBytes) this.#forget();
    else this.#chunks.push(chunk);
  }

  #forget(): void {
    this.#head = undefined;
    this.#chunks = [];
  }
}

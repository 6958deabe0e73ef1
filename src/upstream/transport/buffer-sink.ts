import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ResponseSink } from '../../kernel/exchange.js';

export interface BufferedAnswer {
  readonly status: number;
  /** Flat list. */
  readonly fields: string[];
  readonly body: Buffer;
}

/** Keeps an answer in memory, up to a bound. */
export class BufferSink implements ResponseSink {
  #status = 0;
  #fields: readonly string[] = [];
  #chunks: Buffer[] = [];
  #bytes = 0;
  #failure: GatewayError | undefined;

  constructor(private readonly maxBytes: number) {}

  /** Throws what broke the answer, if something did. */
  answer(): BufferedAnswer {
    if (this.#failure !== undefined) throw this.#failure;
    return { status: this.#status, fields: [...this.#fields], body: Buffer.concat(this.#chunks) };
  }

  head(status: number, fields: readonly string[]): void {
    this.#status = status;
    this.#fields = fields;
  }

  write(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.maxBytes) throw new GatewayError('upstream_bad_response');
    this.#chunks.push(chunk);
    return true;
  }

  onDrain(resume: () => void): void {
    resume();
  }

  end(): void {}

  abort(error: GatewayError): void {
    this.#chunks = [];
    this.#failure = error;
  }
}

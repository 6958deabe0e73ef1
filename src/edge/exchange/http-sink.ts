import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ResponseSink } from '../../kernel/exchange.js';
import { answerProblem } from '../problem/answer-problem.js';
import { connectionUnder } from '../server/connection-under.js';
import type { HttpExchange } from './http-exchange.js';

interface Head {
  readonly status: number;
  readonly fields: readonly string[];
}

/**
 * Writes an answer straight to the client's connection, with the connection's own backpressure. The head goes out with
 * the first bytes of the body, or by itself as soon as it is known that none came along with it: an event stream opens
 * at once. Until then an answer that breaks off can still become a problem document. Nothing is written once the client
 * has gone.
 */
export class HttpSink implements ResponseSink {
  #waiting: Head | undefined;

  constructor(private readonly exchange: HttpExchange) {}

  head(status: number, fields: readonly string[]): void {
    if (this.exchange.hangUp.gone) return;
    this.#waiting = { status, fields };
    process.nextTick(flushHead, this);
  }

  write(chunk: Buffer): boolean {
    if (this.exchange.hangUp.gone) return true;
    this.exchange.responseBytes += chunk.length;
    if (this.#waiting !== undefined) this.#writeHead(this.#waiting);
    return this.exchange.response.write(chunk);
  }

  onDrain(resume: () => void): void {
    this.exchange.response.once('drain', resume);
  }

  end(): void {
    if (this.exchange.hangUp.gone) return;
    if (this.#waiting !== undefined) this.#writeHead(this.#waiting);
    this.exchange.response.end();
  }

  abort(error: GatewayError): void {
    const { response } = this.exchange;
    this.#waiting = undefined;
    // To a client of HTTP/1.0 a connection that closes is the end of the answer; one that is reset is not.
    if (response.headersSent && !response.useChunkedEncodingByDefault && response.socket !== null)
      connectionUnder(response.socket).resetAndDestroy();
    answerProblem(response, error);
  }

  /** Sends a head that no part of the body came along with. */
  flush(): void {
    const { response } = this.exchange;
    if (this.#waiting === undefined || response.headersSent || response.destroyed) return;
    this.#writeHead(this.#waiting);
    response.flushHeaders();
  }

  #writeHead({ status, fields }: Head): void {
    this.#waiting = undefined;
    this.exchange.response.writeHead(status, fields as string[]);
  }
}

const flushHead = (sink: HttpSink): void => {
  sink.flush();
};

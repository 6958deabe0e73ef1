import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ResponseSink } from '../../kernel/exchange.js';
import type { HttpExchange } from './http-exchange.js';

/** Writes an answer straight to the client's connection, with the connection's own backpressure. */
export class HttpSink implements ResponseSink {
  constructor(private readonly exchange: HttpExchange) {}

  head(status: number, fields: readonly string[]): void {
    this.exchange.response.writeHead(status, fields as string[]);
  }

  write(chunk: Buffer): boolean {
    this.exchange.responseBytes += chunk.length;
    return this.exchange.response.write(chunk);
  }

  onDrain(resume: () => void): void {
    this.exchange.response.once('drain', resume);
  }

  end(): void {
    this.exchange.response.end();
  }

  abort(error: GatewayError): void {
    this.exchange.errorCode = error.code;
    this.exchange.response.destroy();
  }
}

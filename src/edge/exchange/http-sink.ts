import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ResponseSink } from '../../kernel/exchange.js';
import type { HttpExchange } from './http-exchange.js';

/** Writes an answer straight to the client's connection, with the connection's own backpressure; nothing once it has gone. */
export class HttpSink implements ResponseSink {
  constructor(private readonly exchange: HttpExchange) {}

  head(status: number, fields: readonly string[]): void {
    if (this.exchange.hangUp.gone) return;
    this.exchange.response.writeHead(status, fields as string[]);
  }

  write(chunk: Buffer): boolean {
    if (this.exchange.hangUp.gone) return true;
    this.exchange.responseBytes += chunk.length;
    return this.exchange.response.write(chunk);
  }

  onDrain(resume: () => void): void {
    this.exchange.response.once('drain', resume);
  }

  end(): void {
    if (this.exchange.hangUp.gone) return;
    this.exchange.response.end();
  }

  abort(error: GatewayError): void {
    this.exchange.errorCode = error.code;
    this.exchange.response.destroy();
  }
}

import type { BodySource, BodyTaker } from '../../kernel/exchange.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { HttpExchange } from './http-exchange.js';

/**
 * The request's body, piece by piece as the parser gives it: no second stream and no second buffer stand between the
 * client's connection and the backend's. Beyond `maxBytes` it is broken off and the rest read away.
 */
export class CountedBody implements BodySource {
  #taker: BodyTaker | undefined;

  constructor(
    private readonly exchange: HttpExchange,
    private readonly maxBytes: number,
  ) {}

  deliverTo(taker: BodyTaker): void {
    const { request } = this.exchange;
    this.#taker = taker;
    request
      .on('data', (chunk: Buffer) => {
        this.#count(chunk);
      })
      .on('end', () => {
        this.#release()?.ended();
      })
      .on('error', (cause) => {
        this.#break(cause instanceof GatewayError ? cause : new GatewayError('client_gone', { cause }));
      })
      .on('close', () => {
        this.#break(new GatewayError('client_gone'));
      });
    // Only now: a backend that cannot be reached is told of before the client has sent anything.
    this.exchange.inviteBody();
    if (request.destroyed) this.#break(new GatewayError('client_gone'));
  }

  pause(): void {
    this.exchange.request.pause();
  }

  resume(): void {
    this.exchange.request.resume();
  }

  discard(): void {
    this.#release();
    this.exchange.request.resume();
  }

  #count(chunk: Buffer): void {
    this.exchange.requestBytes += chunk.length;
    if (this.exchange.requestBytes > this.maxBytes) this.#break(new GatewayError('body_too_large'));
    else this.#taker?.take(chunk);
  }

  #break(error: GatewayError): void {
    this.#release()?.broken(error);
  }

  #release(): BodyTaker | undefined {
    const taker = this.#taker;
    this.#taker = undefined;
    return taker;
  }
}

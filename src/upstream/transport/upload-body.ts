import { Readable } from 'node:stream';
import { GatewayError } from '../../kernel/errors/gateway-error.js';

const LINGER_MS = 30_000;

/**
 * Stands between a client's request stream and undici. undici destroys the body it sends when the answer comes early or
 * the connection breaks; done to the client's own stream, that would cut the connection the answer has to go out on.
 * So the rest is read and thrown away instead, for up to 30 s (a lingering close, RFC 9112 section 9.6).
 */
export class UploadBody extends Readable {
  #attached = false;
  #ended = false;
  #clientFailed = false;

  constructor(private readonly source: Readable) {
    super();
    // undici listens only while it sends; what fails later must not go unheard, which would end the process.
    this.on('error', () => {});
  }

  /** The body is waiting for more from the client, not for the service to take what there is. */
  get starved(): boolean {
    return this.#attached && !this.source.isPaused() && this.readableLength === 0;
  }

  /** Nothing has been read yet: another attempt can send it. */
  get untouched(): boolean {
    return !this.#attached && !this.destroyed;
  }

  override _read(): void {
    if (!this.#attached) {
      this.#attached = true;
      this.source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onLost).on('close', this.#onLost);
      if (this.source.readableEnded) this.#onEnd();
      else if (this.source.destroyed) this.#onLost();
    }
    if (!this.#ended) this.source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onLost);
    if (this.#attached && !this.#ended && !this.#clientFailed) this.#discardRest();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.source.pause();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.push(null);
  };

  readonly #onLost = (reason?: Error): void => {
    if (this.#ended || this.destroyed) return;
    this.#clientFailed = true;
    // What the edge broke off for a reason of its own (a body too large) keeps that reason.
    this.destroy(reason instanceof GatewayError ? reason : new GatewayError('client_gone', { cause: reason }));
  };

  #discardRest(): void {
    const { source } = this;
    const timer = setTimeout(() => source.destroy(), LINGER_MS).unref();
    source.once('close', () => {
      clearTimeout(timer);
    });
    source.once('end', () => {
      clearTimeout(timer);
    });
    source.resume();
  }
}

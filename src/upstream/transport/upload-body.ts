import { EventEmitter } from 'node:events';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { BodySource, BodyTaker } from '../../kernel/exchange.js';
import type { UploadPace } from '../resilience/upload-pace.js';

type Phase = 'untouched' | 'flowing' | 'held' | 'over';

/**
 * A streamed body in the form undici takes one: the few parts of a stream that it uses, and no buffer. undici destroys
 * what it sends when the answer comes early or the connection breaks; here that ends the sending alone, and the source
 * reads the rest away.
 */
export class UploadBody extends EventEmitter implements BodyTaker {
  destroyed = false;
  /** What undici looks for on a stream that ended before it came to send it. */
  errored: Error | null = null;
  closed = false;
  #phase: Phase = 'untouched';

  constructor(
    private readonly source: BodySource,
    private readonly pace: UploadPace,
  ) {
    super();
    // undici listens only while it sends; what fails later must not go unheard, which would end the process.
    this.on('error', () => undefined);
  }

  /** The body is waiting for more from the client, not for the service to take what there is. */
  get starved(): boolean {
    return this.#phase === 'flowing';
  }

  /** Nothing has been read yet: another attempt can send it. */
  get untouched(): boolean {
    return this.#phase === 'untouched' && !this.destroyed;
  }

  /** Marks a stream to undici, which calls it never. */
  pipe(): never {
    throw new TypeError('An upload is not piped.');
  }

  resume(): this {
    if (this.destroyed) return this;
    if (this.#phase === 'untouched') {
      this.#phase = 'flowing';
      this.pace.begin();
      this.source.deliverTo(this);
    } else if (this.#phase === 'held') {
      this.#phase = 'flowing';
      this.pace.wait();
      this.source.resume();
    }
    return this;
  }

  pause(): this {
    if (this.#phase !== 'flowing') return this;
    this.#phase = 'held';
    this.pace.hold();
    this.source.pause();
    return this;
  }

  take(chunk: Buffer): void {
    this.pace.received(chunk.length);
    this.emit('data', chunk);
  }

  ended(): void {
    this.#end();
    this.emit('end');
  }

  broken(error: GatewayError): void {
    this.#end();
    this.destroy(error);
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.errored = error ?? null;
    const unread = this.#phase === 'flowing' || this.#phase === 'held';
    this.#end();
    if (unread) this.source.discard();
    process.nextTick(() => {
      if (error !== undefined) this.emit('error', error);
      this.closed = true;
      this.emit('close');
    });
    return this;
  }

  #end(): void {
    this.#phase = 'over';
    this.pace.end();
  }
}

import { UpstreamError } from '../upstream.errors.js';

/** Bounds the calls under way for one service, so that one slow service cannot take the whole gateway. No queue. */
export class Bulkhead {
  #inFlight = 0;

  constructor(private readonly limit: number) {}

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Throws `bulkhead_full`; otherwise `leave` must follow. */
  enter(): void {
    if (this.#inFlight >= this.limit) throw new UpstreamError('bulkhead_full', { retryAfterSeconds: 1 });
    this.#inFlight += 1;
  }

  leave(): void {
    this.#inFlight -= 1;
  }
}

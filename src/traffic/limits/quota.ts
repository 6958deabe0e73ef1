import { limitDecided, type LimitDecided } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { ToldPolicy } from './rate-limit-fields.js';
import type { Take } from './token-bucket.js';

/** A bucket that a request draws from: whose it is, how large it is for them, and under which name it is counted. */
export class Quota {
  readonly #allowed: LimitDecided;
  readonly #refused: LimitDecided;

  constructor(
    limit: LimitDecided['limit'],
    readonly keyOf: (exchange: Exchange) => string,
    readonly policyOf: (exchange: Exchange) => ToldPolicy,
  ) {
    this.#allowed = { limit, allowed: true };
    this.#refused = { limit, allowed: false };
  }

  count(take: Take): void {
    limitDecided.publish(take.allowed ? this.#allowed : this.#refused);
  }
}

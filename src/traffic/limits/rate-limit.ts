import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { limitDecided, type LimitDecided } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { FeatureFlags } from '../../kernel/feature-flags.js';
import type { BucketStore } from './bucket-store.js';
import { addressKey, callerKey } from './caller-key.js';
import { RateLimitFields } from './rate-limit-fields.js';
import type { BucketPolicy, Take } from './token-bucket.js';

export interface RateLimitOptions {
  /** Under which the decision is counted. */
  readonly limit: LimitDecided['limit'];
  /** The quota policy's name in the answer's RateLimit fields. */
  readonly name: string;
  /** Keeps this limit's buckets apart from those of other limits in the same store. */
  readonly keyPrefix: string;
  /** Whose bucket it is: the signed-in caller's, or in any case the address's. */
  readonly countedBy: 'caller' | 'address';
  readonly policy: BucketPolicy;
}

/** One limit: takes a token from the caller's bucket, tells the client how many are left, refuses where there is none. */
export class RateLimit {
  readonly #fields: RateLimitFields;
  readonly #allowed: LimitDecided;
  readonly #refused: LimitDecided;

  constructor(
    private readonly options: RateLimitOptions,
    private readonly store: BucketStore,
    private readonly flags: FeatureFlags,
  ) {
    this.#fields = new RateLimitFields(options.name, options.policy);
    this.#allowed = { limit: options.limit, allowed: true };
    this.#refused = { limit: options.limit, allowed: false };
  }

  /** Throws GatewayError `rate_limited`; returns at once where the store does. */
  apply(exchange: Exchange): true | Promise<true> {
    const { keyPrefix, countedBy, policy } = this.options;
    const key = countedBy === 'caller' ? callerKey(exchange) : addressKey(exchange.clientAddress);
    const take = this.store.take(keyPrefix + key, policy);
    return take instanceof Promise ? take.then((taken) => this.#decide(exchange, taken)) : this.#decide(exchange, take);
  }

  #decide(exchange: Exchange, take: Take): true {
    this.#fields.addTo(exchange.ownFields, take);
    limitDecided.publish(take.allowed ? this.#allowed : this.#refused);
    if (!take.allowed && this.flags.isEnabled('rate-limit-enforcement'))
      throw new GatewayError('rate_limited', { retryAfterSeconds: take.retryAfterSeconds });
    return true;
  }
}

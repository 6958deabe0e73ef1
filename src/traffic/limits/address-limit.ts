import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { limitDecided } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import { FeatureFlags } from '../../kernel/feature-flags.js';
import { addressKey } from './caller-key.js';
import { addressPolicy } from './limit-policies.js';
import { MemoryBucketStore } from './memory-bucket.store.js';
import { addRateLimitFields, ToldPolicy } from './rate-limit-fields.js';

const ALLOWED = { limit: 'address', allowed: true } as const;
const REFUSED = { limit: 'address', allowed: false } as const;

/**
 * The wide limit before authentication: what an address may make the gateway check in vain. In this process's memory
 * only, because it must cost less than what it protects.
 */
@Injectable()
export class AddressLimit {
  readonly #policy: ToldPolicy;
  readonly #buckets: MemoryBucketStore;

  constructor(
    settings: Settings,
    clock: Clock,
    private readonly flags: FeatureFlags,
  ) {
    this.#policy = new ToldPolicy('address', addressPolicy(settings.traffic.callers));
    this.#buckets = new MemoryBucketStore(clock);
  }

  /** Throws GatewayError `rate_limited`; says nothing in the answer of a request it lets through. */
  apply(exchange: Exchange): true {
    const take = this.#buckets.take(addressKey(exchange.clientAddress), this.#policy.bucket);
    limitDecided.publish(take.allowed ? ALLOWED : REFUSED);
    if (take.allowed || !this.flags.isEnabled('rate-limit-enforcement')) return true;
    addRateLimitFields(exchange.ownFields, this.#policy.text, this.#policy.stateAfter(take));
    throw new GatewayError('rate_limited', { retryAfterSeconds: take.retryAfterSeconds });
  }

  /** The caller has proven who they are: from here on their own bucket counts. */
  giveBack(exchange: Exchange): void {
    this.#buckets.giveBack(addressKey(exchange.clientAddress), this.#policy.bucket);
  }
}

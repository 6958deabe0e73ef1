import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { FeatureFlags } from '../../kernel/feature-flags.js';
import type { BucketStore } from './bucket-store.js';
import type { Quota } from './quota.js';
import { addRateLimitFields, type ToldPolicy } from './rate-limit-fields.js';
import type { Take } from './token-bucket.js';

/** What a route holds its callers to. Throws GatewayError `rate_limited`; returns at once where the store does. */
export interface Limit {
  apply(exchange: Exchange): true | Promise<true>;
}

/** One bucket: takes a token, tells the client how many are left, refuses where there is none. */
export class RateLimit implements Limit {
  constructor(
    private readonly quota: Quota,
    private readonly store: BucketStore,
    private readonly flags: FeatureFlags,
  ) {}

  apply(exchange: Exchange): true | Promise<true> {
    const policy = this.quota.policyOf(exchange);
    const take = this.store.take(this.quota.keyOf(exchange), policy.bucket);
    return take instanceof Promise
      ? take.then((taken) => this.#decide(exchange, policy, taken))
      : this.#decide(exchange, policy, take);
  }

  #decide(exchange: Exchange, policy: ToldPolicy, take: Take): true {
    addRateLimitFields(exchange.ownFields, policy.text, policy.stateAfter(take));
    this.quota.count(take);
    if (!take.allowed && this.flags.isEnabled('rate-limit-enforcement'))
      throw new GatewayError('rate_limited', { retryAfterSeconds: take.retryAfterSeconds });
    return true;
  }
}

/** Several buckets, such as the caller's own and a stricter one: a request wants a token of each, and takes all or none. */
export class CombinedRateLimit implements Limit {
  constructor(
    private readonly quotas: readonly Quota[],
    private readonly store: BucketStore,
    private readonly flags: FeatureFlags,
  ) {}

  apply(exchange: Exchange): true | Promise<true> {
    const policies = this.quotas.map((quota) => quota.policyOf(exchange));
    const draws = this.quotas.map((quota, index) => ({
      key: quota.keyOf(exchange),
      policy: (policies[index] as ToldPolicy).bucket,
    }));
    const takes = this.store.takeAll(draws);
    return takes instanceof Promise
      ? takes.then((taken) => this.#decide(exchange, policies, taken))
      : this.#decide(exchange, policies, takes);
  }

  #decide(exchange: Exchange, policies: readonly ToldPolicy[], takes: readonly Take[]): true {
    const states = policies.map((policy, index) => policy.stateAfter(takes[index] as Take));
    addRateLimitFields(exchange.ownFields, policies.map(({ text }) => text).join(', '), states.join(', '));
    this.quotas.forEach((quota, index) => {
      quota.count(takes[index] as Take);
    });
    const retryAfterSeconds = Math.max(...takes.map((take) => take.retryAfterSeconds));
    if (takes.some(({ allowed }) => !allowed) && this.flags.isEnabled('rate-limit-enforcement'))
      throw new GatewayError('rate_limited', { retryAfterSeconds });
    return true;
  }
}

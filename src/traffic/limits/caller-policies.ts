import type { RateAllowance, TrafficSettings } from '../../kernel/config/settings.js';
import type { Principal } from '../../kernel/principal.js';
import { ToldPolicy } from './rate-limit-fields.js';

const NAME = 'default';

/** How large a caller's own bucket is: as the most generous of their roles has it, as the default has it for all else. */
export class CallerPolicies {
  readonly #usual: ToldPolicy;
  readonly #byRole: ReadonlyMap<string, ToldPolicy>;

  constructor({ callers, callersByRole }: Pick<TrafficSettings, 'callers' | 'callersByRole'>) {
    this.#usual = new ToldPolicy(NAME, callers);
    this.#byRole = new Map(
      Object.entries(callersByRole).map(([role, allowance]) => [role, new ToldPolicy(NAME, allowance)]),
    );
  }

  of(principal: Principal | undefined): ToldPolicy {
    if (principal === undefined || this.#byRole.size === 0) return this.#usual;
    let best: ToldPolicy | undefined;
    for (const role of principal.roles) {
      const policy = this.#byRole.get(role) ?? this.#usual;
      if (best === undefined || isMoreGenerous(policy.bucket, best.bucket)) best = policy;
    }
    return best ?? this.#usual;
  }
}

const isMoreGenerous = (one: RateAllowance, other: RateAllowance): boolean =>
  one.ratePerMinute === other.ratePerMinute ? one.burst > other.burst : one.ratePerMinute > other.ratePerMinute;

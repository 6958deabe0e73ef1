import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Settings } from '../../kernel/config/settings.js';
import { FeatureFlags } from '../../kernel/feature-flags.js';
import { routeDeclarationOf } from '../../kernel/route.js';
import { BucketStore } from './bucket-store.js';
import { callerPolicy, LOGIN_POLICY, policyFromThrottler } from './limit-policies.js';
import { RateLimit } from './rate-limit.js';

// @nestjs/throttler keeps these in a file that its package does not export by name.
const SKIP = 'THROTTLER:SKIPdefault';
const LIMIT = 'THROTTLER:LIMITdefault';
const TTL = 'THROTTLER:TTLdefault';

type Target = Parameters<Reflector['getAllAndOverride']>[1][number];

/** Which limit a handler falls under: what its route declares, or what `@Throttle` or `@SkipThrottle` says instead. */
@Injectable()
export class CallerLimits {
  readonly #caller: RateLimit;
  readonly #login: RateLimit;
  readonly #byHandler = new WeakMap<object, RateLimit | 'none'>();

  constructor(
    settings: Settings,
    private readonly store: BucketStore,
    private readonly flags: FeatureFlags,
    private readonly reflector: Reflector,
  ) {
    this.#caller = new RateLimit(
      { limit: 'caller', name: 'default', keyPrefix: '', countedBy: 'caller', policy: callerPolicy(settings.traffic) },
      store,
      flags,
    );
    this.#login = new RateLimit(
      { limit: 'login', name: 'login', keyPrefix: 'login:', countedBy: 'address', policy: LOGIN_POLICY },
      store,
      flags,
    );
  }

  of(handler: Target, controller: Target): RateLimit | 'none' {
    let limit = this.#byHandler.get(handler);
    if (limit === undefined) {
      limit = this.#resolve(handler, controller);
      this.#byHandler.set(handler, limit);
    }
    return limit;
  }

  #resolve(handler: Target, controller: Target): RateLimit | 'none' {
    const targets = [handler, controller];
    if (this.reflector.getAllAndOverride<boolean | undefined>(SKIP, targets) === true) return 'none';
    const own = this.#ownLimit(handler, controller);
    if (own !== undefined) return own;
    const declared = routeDeclarationOf(handler)?.limit ?? 'caller';
    switch (declared) {
      case 'none':
        return 'none';
      case 'login':
        return this.#login;
      case 'caller':
        return this.#caller;
      default:
        return declared satisfies never;
    }
  }

  /** A route with `@Throttle` of its own has buckets of its own. */
  #ownLimit(handler: Target, controller: Target): RateLimit | undefined {
    const targets = [handler, controller];
    const limit = this.reflector.getAllAndOverride<unknown>(LIMIT, targets);
    const ttlMs = this.reflector.getAllAndOverride<unknown>(TTL, targets);
    if (typeof limit !== 'number' || typeof ttlMs !== 'number') return undefined;
    const name = `${controller.name}.${handler.name}`;
    return new RateLimit(
      {
        limit: 'caller',
        name: 'route',
        keyPrefix: `route:${name}:`,
        countedBy: 'caller',
        policy: policyFromThrottler(limit, ttlMs),
      },
      this.store,
      this.flags,
    );
  }
}

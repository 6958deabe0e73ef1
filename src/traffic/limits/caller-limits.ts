import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Settings } from '../../kernel/config/settings.js';
import { FeatureFlags } from '../../kernel/feature-flags.js';
import { routeDeclarationOf, type RouteLimit } from '../../kernel/route.js';
import { BucketStore } from './bucket-store.js';
import { addressKey, callerKey } from './caller-key.js';
import { CallerPolicies } from './caller-policies.js';
import { LOGIN_POLICY, policyFromThrottler } from './limit-policies.js';
import { Quota } from './quota.js';
import { ToldPolicy } from './rate-limit-fields.js';
import { CombinedRateLimit, RateLimit, type Limit } from './rate-limit.js';
import type { BucketPolicy } from './token-bucket.js';

// @nestjs/throttler keeps these in a file that its package does not export by name.
const SKIP = 'THROTTLER:SKIPdefault';
const LIMIT = 'THROTTLER:LIMITdefault';
const TTL = 'THROTTLER:TTLdefault';

/** A handler or its controller, as Nest's reflector takes them. */
export type RouteTarget = Parameters<Reflector['getAllAndOverride']>[1][number];

/** Which limit a handler falls under: what its route declares, or what `@Throttle` or `@SkipThrottle` says instead. */
@Injectable()
export class CallerLimits {
  readonly #declared: Readonly<Record<Exclude<RouteLimit, 'none'>, Limit>>;
  readonly #byHandler = new WeakMap<object, Limit | 'none'>();

  constructor(
    { traffic }: Settings,
    private readonly store: BucketStore,
    private readonly flags: FeatureFlags,
    private readonly reflector: Reflector,
  ) {
    const policies = new CallerPolicies(traffic);
    const caller = new Quota('caller', callerKey, ({ principal }) => policies.of(principal));
    const combined = (stricter: Quota): Limit => new CombinedRateLimit([caller, stricter], store, flags);
    this.#declared = {
      caller: new RateLimit(caller, store, flags),
      login: new RateLimit(loginQuota(), store, flags),
      jobs: combined(ownQuota('jobs', traffic.jobs)),
      links: combined(ownQuota('links', traffic.links)),
    };
  }

  of(handler: RouteTarget, controller: RouteTarget): Limit | 'none' {
    let limit = this.#byHandler.get(handler);
    if (limit === undefined) {
      limit = this.#resolve(handler, controller);
      this.#byHandler.set(handler, limit);
    }
    return limit;
  }

  #resolve(handler: RouteTarget, controller: RouteTarget): Limit | 'none' {
    const targets = [handler, controller];
    if (this.reflector.getAllAndOverride<boolean | undefined>(SKIP, targets) === true) return 'none';
    const own = this.#ownLimit(handler, controller);
    if (own !== undefined) return own;
    const declared = routeDeclarationOf(handler)?.limit ?? 'caller';
    return declared === 'none' ? 'none' : this.#declared[declared];
  }

  /** A route with `@Throttle` of its own has buckets of its own. */
  #ownLimit(handler: RouteTarget, controller: RouteTarget): Limit | undefined {
    const targets = [handler, controller];
    const limit = this.reflector.getAllAndOverride<unknown>(LIMIT, targets);
    const ttlMs = this.reflector.getAllAndOverride<unknown>(TTL, targets);
    if (typeof limit !== 'number' || typeof ttlMs !== 'number') return undefined;
    const policy = new ToldPolicy('route', policyFromThrottler(limit, ttlMs));
    const prefix = `route:${controller.name}.${handler.name}:`;
    const quota = new Quota(
      'caller',
      (exchange) => prefix + callerKey(exchange),
      () => policy,
    );
    return new RateLimit(quota, this.store, this.flags);
  }
}

/** By address, whoever says to be calling. */
function loginQuota(): Quota {
  const policy = new ToldPolicy('login', LOGIN_POLICY);
  return new Quota(
    'login',
    ({ clientAddress }) => `login:${addressKey(clientAddress)}`,
    () => policy,
  );
}

/** A bucket of the caller's for one kind of request. */
function ownQuota(name: 'jobs' | 'links', bucket: BucketPolicy): Quota {
  const policy = new ToldPolicy(name, bucket);
  return new Quota(
    name,
    (exchange) => `${name}:${callerKey(exchange)}`,
    () => policy,
  );
}

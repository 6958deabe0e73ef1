import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SkipThrottle, Throttle } from '@nestjs/throttler';
import { buildExchange } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Settings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { limitDecided, type LimitDecided } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import { FEATURE_FLAGS, type FeatureFlags } from '../../kernel/feature-flags.js';
import { PublicAccess, SignedIn } from '../../kernel/route.js';
import { AddressLimitGuard } from './address-limit.guard.js';
import { AddressLimit } from './address-limit.js';
import { BucketThrottlerStorage } from './bucket-throttler.storage.js';
import { CallerLimitGuard } from './caller-limit.guard.js';
import { CallerLimits } from './caller-limits.js';
import { addressKey } from './caller-key.js';
import { MemoryBucketStore } from './memory-bucket.store.js';

class Routes {
  @SignedIn() plain(): void {}
  @SignedIn() other(): void {}
  @PublicAccess('a probe', { limit: 'none' }) probe(): void {}
  @PublicAccess('login', { limit: 'login' }) login(): void {}
  @SkipThrottle() @SignedIn() skipped(): void {}
  @Throttle({ default: { limit: 2, ttl: 60_000 } }) @SignedIn() strict(): void {}
}
type RouteName = keyof Routes;

function open(enforced = true) {
  const settings = { traffic: { ratePerMinute: 6, rateBurst: 3 } } as Settings;
  const clock = new ManualClock();
  const store = new MemoryBucketStore(clock);
  const flags: FeatureFlags = {
    isEnabled: (name) => (name === 'rate-limit-enforcement' ? enforced : FEATURE_FLAGS[name]),
  };
  const reflector = new Reflector();
  const addresses = new AddressLimit(settings, clock, flags);
  const storage = new BucketThrottlerStorage(store);
  const limits = new CallerLimits(settings, store, flags, reflector);
  const caller = new CallerLimitGuard([], storage, reflector, limits, addresses);
  return { clock, storage, caller, address: new AddressLimitGuard(addresses) };
}

const contextOf = (exchange: Exchange, route: RouteName): ExecutionContext =>
  ({
    getHandler: () => Reflect.get(Routes.prototype, route) as unknown,
    getClass: () => Routes,
    getArgByIndex: () => ({ exchange }),
  }) as unknown as ExecutionContext;

function exchangeOf(userId?: string, clientAddress = '192.0.2.1'): Exchange {
  const principal = userId === undefined ? undefined : { userId, username: 'name', sessionId: 's', roles: [] };
  return { ...buildExchange(), principal, clientAddress };
}

const codeOf = (call: () => unknown): string | true => {
  try {
    return call() as true;
  } catch (error) {
    return (error as GatewayError).code;
  }
};

describe('the limit of a caller', () => {
  it('answers without a promise and tells what is left', () => {
    const { caller } = open();
    const exchange = exchangeOf('usr_1');
    expect(caller.canActivate(contextOf(exchange, 'plain'))).toBe(true);
    expect(exchange.ownFields).toEqual(['RateLimit-Policy', '"default";q=3;w=30', 'RateLimit', '"default";r=2;t=10']);
  });

  it('refuses with Retry-After, and the same time in RateLimit', () => {
    const { caller } = open();
    for (let index = 0; index < 3; index += 1) void caller.canActivate(contextOf(exchangeOf('usr_1'), 'plain'));
    const exchange = exchangeOf('usr_1');
    let refusal: unknown;
    try {
      void caller.canActivate(contextOf(exchange, 'other'));
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: 'rate_limited', status: 429, retryAfterSeconds: 10 });
    expect(exchange.ownFields.at(-1)).toBe('"default";r=0;t=10');
  });

  it('follows a user from address to address, and keeps two users behind one address apart', () => {
    const { caller } = open();
    const ask = (user: string | undefined, address: string) =>
      codeOf(() => caller.canActivate(contextOf(exchangeOf(user, address), 'plain')));
    ['1', '2', '3'].forEach((end) => expect(ask('usr_1', `192.0.2.${end}`)).toBe(true));
    expect(ask('usr_1', '192.0.2.4')).toBe('rate_limited');
    expect(ask('usr_2', '192.0.2.4')).toBe(true);
    expect(ask(undefined, '192.0.2.4')).toBe(true);
  });

  it('gives login a stricter bucket of the address, whoever says to be calling', () => {
    const { caller } = open();
    const answers = Array.from({ length: 21 }, (_, index) =>
      codeOf(() => caller.canActivate(contextOf(exchangeOf(`usr_${index}`), 'login'))),
    );
    expect(answers.filter((answer) => answer === true)).toHaveLength(20);
    expect(answers[20]).toBe('rate_limited');
    expect(codeOf(() => caller.canActivate(contextOf(exchangeOf('usr_0'), 'plain')))).toBe(true);
  });

  it.each(['probe', 'skipped'] as const)('leaves a route alone that declares no limit: %s', (route) => {
    const { caller } = open();
    const exchange = exchangeOf('usr_1');
    for (let index = 0; index < 50; index += 1) expect(caller.canActivate(contextOf(exchange, route))).toBe(true);
    expect(exchange.ownFields).toEqual([]);
  });

  it("takes @Throttle's numbers for a bucket of the route's own", () => {
    const { caller } = open();
    const ask = (route: RouteName) => codeOf(() => caller.canActivate(contextOf(exchangeOf('usr_1'), route)));
    expect([ask('strict'), ask('strict'), ask('strict')]).toEqual([true, true, 'rate_limited']);
    expect(ask('plain')).toBe(true);
  });

  it('only counts while enforcement is switched off', () => {
    const { caller } = open(false);
    const decisions: LimitDecided[] = [];
    const end = limitDecided.subscribe((decision) => decisions.push(decision));
    for (let index = 0; index < 5; index += 1)
      expect(caller.canActivate(contextOf(exchangeOf('usr_1'), 'plain'))).toBe(true);
    end();
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, false, false]);
  });

  it("serves @nestjs/throttler's own guard from the same kind of bucket", async () => {
    const { storage } = open();
    const hits = [];
    for (let index = 0; index < 3; index += 1) hits.push(await storage.increment('k', 60_000, 2));
    expect(hits.map(({ isBlocked }) => isBlocked)).toEqual([false, false, true]);
    expect(hits.map(({ totalHits }) => totalHits)).toEqual([1, 2, 3]);
    expect(hits[2]).toMatchObject({ timeToBlockExpire: 30 });
  });
});

describe('the limit of an address', () => {
  it('refuses the unauthenticated at ten times the rate, and leaves probes alone', () => {
    const { address } = open();
    const ask = (route: RouteName) => codeOf(() => address.canActivate(contextOf(exchangeOf(), route)));
    const answers = Array.from({ length: 31 }, () => ask('plain'));
    expect(answers.indexOf('rate_limited')).toBe(30);
    expect(ask('probe')).toBe(true);
  });

  it('costs a proven caller nothing, so that a laboratory behind one address is many callers', () => {
    const { address, caller } = open();
    for (let index = 0; index < 200; index += 1) {
      const context = contextOf(exchangeOf(`usr_${index}`), 'plain');
      expect(address.canActivate(context) && caller.canActivate(context)).toBe(true);
    }
  });
});

describe('the key of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ])('of %s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

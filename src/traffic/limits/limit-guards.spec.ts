import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SkipThrottle, Throttle } from '@nestjs/throttler';
import { buildExchange } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Settings, TrafficSettings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { exchangeClosed, limitDecided, type LimitDecided } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import { FEATURE_FLAGS, type FeatureFlags } from '../../kernel/feature-flags.js';
import { PublicAccess, SignedIn } from '../../kernel/route.js';
import { AddressLimitGuard } from './address-limit.guard.js';
import { AddressLimit } from './address-limit.js';
import { BucketThrottlerStorage } from './bucket-throttler.storage.js';
import { CallerAdmission } from './caller-admission.js';
import { CallerLimitGuard } from './caller-limit.guard.js';
import { CallerLimits } from './caller-limits.js';
import { MemoryBucketStore } from './memory-bucket.store.js';
import { UserConcurrency } from './user-concurrency.js';

class Routes {
  @SignedIn() plain(): void {}
  @SignedIn() other(): void {}
  @SignedIn({ limit: 'jobs' }) submit(): void {}
  @SignedIn({ limit: 'links' }) link(): void {}
  @PublicAccess('a probe', { limit: 'none' }) probe(): void {}
  @PublicAccess('login', { limit: 'login' }) login(): void {}
  @SkipThrottle() @SignedIn() skipped(): void {}
  @Throttle({ default: { limit: 2, ttl: 60_000 } }) @SignedIn() strict(): void {}
}
type RouteName = keyof Routes;

const TRAFFIC: TrafficSettings = {
  callers: { ratePerMinute: 6, burst: 3 },
  callersByRole: { service: { ratePerMinute: 60, burst: 30 }, viewer: { ratePerMinute: 3, burst: 1 } },
  jobs: { ratePerMinute: 1, burst: 2 },
  links: { ratePerMinute: 2, burst: 1 },
  maxConcurrentPerUser: 1_000,
  responseCacheTtlMs: 0,
  idempotencyTtlSeconds: 60,
};

function open({ enforced = true, traffic = {} }: { enforced?: boolean; traffic?: Partial<TrafficSettings> } = {}) {
  const settings = { traffic: { ...TRAFFIC, ...traffic } } as Settings;
  const clock = new ManualClock();
  const store = new MemoryBucketStore(clock);
  const flags: FeatureFlags = {
    isEnabled: (name) => (name === 'rate-limit-enforcement' ? enforced : FEATURE_FLAGS[name]),
  };
  const reflector = new Reflector();
  const addresses = new AddressLimit(settings, clock, flags);
  const storage = new BucketThrottlerStorage(store);
  const concurrency = new UserConcurrency(settings, flags);
  const limits = new CallerLimits(settings, store, flags, reflector);
  const admission = new CallerAdmission(limits, addresses, concurrency);
  const caller = new CallerLimitGuard([], storage, reflector, admission);
  opened.push(concurrency);
  return { clock, storage, caller, concurrency, address: new AddressLimitGuard(addresses) };
}

const opened: UserConcurrency[] = [];
afterEach(() => {
  opened.splice(0).forEach((concurrency) => {
    concurrency.onApplicationShutdown();
  });
});

const contextOf = (exchange: Exchange, route: RouteName): ExecutionContext =>
  ({
    getHandler: () => Reflect.get(Routes.prototype, route) as unknown,
    getClass: () => Routes,
    getArgByIndex: () => ({ exchange }),
  }) as unknown as ExecutionContext;

function exchangeOf(userId?: string, clientAddress = '192.0.2.1', roles: readonly string[] = []): Exchange {
  const principal =
    userId === undefined ? undefined : { userId, username: 'name', sessionId: 's', roles, projects: ['*'] };
  return { ...buildExchange(), principal, clientAddress };
}

function close(exchange: Exchange, status = 200): void {
  exchangeClosed.publish({ exchange, status, durationMs: 1, requestBytes: 0, responseBytes: 0 });
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

  it('gives login a bucket of the address, wide enough for a laboratory, whoever says to be calling', () => {
    const { caller } = open();
    const answers = Array.from({ length: 301 }, (_, index) =>
      codeOf(() => caller.canActivate(contextOf(exchangeOf(`usr_${index}`), 'login'))),
    );
    expect(answers.filter((answer) => answer === true)).toHaveLength(300);
    expect(answers[300]).toBe('rate_limited');
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

  it("serves @nestjs/throttler's own guard from the same kind of bucket", async () => {
    const { storage } = open();
    const hits = [];
    for (let index = 0; index < 3; index += 1) hits.push(await storage.increment('k', 60_000, 2));
    expect(hits.map(({ isBlocked }) => isBlocked)).toEqual([false, false, true]);
    expect(hits.map(({ totalHits }) => totalHits)).toEqual([1, 2, 3]);
    expect(hits[2]).toMatchObject({ timeToBlockExpire: 30 });
  });
});

describe('a stricter limit on top of the caller’s own', () => {
  it.each([
    ['submit', 'jobs', 2, '"jobs";q=2;w=120', '"jobs";r=0;t=60'],
    ['link', 'links', 1, '"links";q=1;w=30', '"links";r=0;t=30'],
  ] as const)('holds %s to its own bucket and tells of both', (route, limit, burst, policy, state) => {
    const { caller } = open();
    const decisions: LimitDecided[] = [];
    const end = limitDecided.subscribe((decision) => decisions.push(decision));
    const ask = (exchange = exchangeOf('usr_1')) => codeOf(() => caller.canActivate(contextOf(exchange, route)));
    for (let index = 0; index < burst; index += 1) expect(ask()).toBe(true);
    const refused = exchangeOf('usr_1');
    expect(ask(refused)).toBe('rate_limited');
    end();
    expect(refused.ownFields).toEqual([
      'RateLimit-Policy',
      `"default";q=3;w=30, ${policy}`,
      'RateLimit',
      `"default";r=${3 - burst};t=${burst * 10}, ${state}`,
    ]);
    expect(decisions.filter((decision) => decision.limit === limit).at(-1)?.allowed).toBe(false);
    expect(decisions.at(-2)).toEqual({ limit: 'caller', allowed: true });
  });

  it('costs the caller nothing when it refuses, and other routes go on', () => {
    const { caller } = open();
    const ask = (route: RouteName) => codeOf(() => caller.canActivate(contextOf(exchangeOf('usr_1'), route)));
    expect([ask('link'), ask('link'), ask('link')]).toEqual([true, 'rate_limited', 'rate_limited']);
    expect([ask('plain'), ask('plain'), ask('plain')]).toEqual([true, true, 'rate_limited']);
  });

  it('refuses as well where the caller’s own bucket is empty, until the later of the two has a token', () => {
    const { caller } = open();
    const ask = (route: RouteName) => caller.canActivate(contextOf(exchangeOf('usr_1'), route));
    void ask('submit');
    void ask('submit');
    void ask('plain');
    expect(() => ask('submit')).toThrow(expect.objectContaining({ code: 'rate_limited', retryAfterSeconds: 60 }));
  });
});

describe('the bucket of a role', () => {
  const burstOf = (roles: readonly string[]): number => {
    const { caller } = open();
    let passed = 0;
    while (codeOf(() => caller.canActivate(contextOf(exchangeOf('usr_1', '::1', roles), 'plain'))) === true)
      passed += 1;
    return passed;
  };

  it.each([
    ['service', ['service'], 30],
    ['nothing special', ['analyst'], 3],
    ['a role that may less', ['viewer'], 1],
    ['that and a usual one', ['viewer', 'analyst'], 3],
    ['all of them: the most generous counts', ['viewer', 'service', 'analyst'], 30],
    ['no role at all', [], 3],
  ])('is as large as said for %s', (_, roles, burst) => {
    expect(burstOf(roles)).toBe(burst);
  });

  it('is told in the answer', () => {
    const { caller } = open();
    const exchange = exchangeOf('usr_1', '::1', ['service']);
    void caller.canActivate(contextOf(exchange, 'plain'));
    expect(exchange.ownFields).toEqual(['RateLimit-Policy', '"default";q=30;w=30', 'RateLimit', '"default";r=29;t=1']);
  });
});

describe('the cap on one user’s requests at once', () => {
  const roomy = { callers: { ratePerMinute: 1_000, burst: 1_000 }, maxConcurrentPerUser: 2 };

  it('refuses one too many with Retry-After, by user and not by address, and lets them in when one has ended', () => {
    const { caller, concurrency } = open({ traffic: roomy });
    const enter = (exchange: Exchange) => codeOf(() => caller.canActivate(contextOf(exchange, 'plain')));
    const [first, second] = [exchangeOf('usr_1'), exchangeOf('usr_1', '192.0.2.9')];
    expect([enter(first), enter(second)]).toEqual([true, true]);
    const third = exchangeOf('usr_1', '192.0.2.10');
    expect(() => caller.canActivate(contextOf(third, 'plain'))).toThrow(
      expect.objectContaining({ code: 'concurrency_limited', status: 429, retryAfterSeconds: 1 }),
    );
    expect(third.ownFields).toEqual([
      'RateLimit-Policy',
      '"concurrency";q=2;qu="concurrent-requests"',
      'RateLimit',
      '"concurrency";r=0',
    ]);
    close(third, 429);
    expect(enter(exchangeOf('usr_1'))).toBe('concurrency_limited');
    expect(enter(exchangeOf('usr_2'))).toBe(true);
    close(first);
    expect(enter(exchangeOf('usr_1'))).toBe(true);
    expect(concurrency.size).toBe(2);
  });

  it('lets go of an exchange once, however it ends, and of users who have none', () => {
    const { caller, concurrency } = open({ traffic: { ...roomy, callers: { ratePerMinute: 1, burst: 1 } } });
    const enter = (exchange: Exchange) => codeOf(() => caller.canActivate(contextOf(exchange, 'plain')));
    const [answered, refused] = [exchangeOf('usr_1'), exchangeOf('usr_1')];
    expect([enter(answered), enter(refused)]).toEqual([true, 'rate_limited']);
    expect(enter(exchangeOf('usr_1'))).toBe('concurrency_limited');
    [answered, answered, refused].forEach((exchange) => {
      close(exchange, 499);
    });
    expect(concurrency.size).toBe(0);
  });

  it('frees one place for one exchange, though it were told twice of its end', () => {
    const { caller } = open({ traffic: roomy });
    const enter = (exchange = exchangeOf('usr_1')) => codeOf(() => caller.canActivate(contextOf(exchange, 'plain')));
    const first = exchangeOf('usr_1');
    expect([enter(first), enter()]).toEqual([true, true]);
    close(first);
    close(first);
    expect([enter(), enter()]).toEqual([true, 'concurrency_limited']);
  });

  it('does not count who hung up while they were being authenticated: they have closed already', () => {
    const { caller, concurrency } = open({ traffic: roomy });
    const gone = exchangeOf('usr_1');
    gone.hangUp.hangUp();
    close(gone, 499);
    expect(caller.canActivate(contextOf(gone, 'plain'))).toBe(true);
    expect(concurrency.size).toBe(0);
  });

  it.each(['probe', 'skipped'] as const)('does not hold on a route without a limit: %s', (route) => {
    const { caller, concurrency } = open({ traffic: roomy });
    for (let index = 0; index < 5; index += 1) void caller.canActivate(contextOf(exchangeOf('usr_1'), route));
    expect(concurrency.size).toBe(0);
  });
});

describe('shadow mode', () => {
  it.each([
    ['caller', 'plain', 'usr_1'],
    ['caller', 'strict', 'usr_1'],
    ['jobs', 'submit', 'usr_1'],
    ['links', 'link', 'usr_1'],
    ['login', 'login', undefined],
    ['address', 'plain', undefined],
    ['concurrency', 'plain', 'usr_1'],
  ] as const)('lets pass and counts what the limit %s would refuse on %s', (limit, route, userId) => {
    const { caller, address } = open({ enforced: false, traffic: { maxConcurrentPerUser: 2 } });
    const decisions: LimitDecided[] = [];
    const end = limitDecided.subscribe((decision) => decisions.push(decision));
    for (let index = 0; index < 301; index += 1) {
      const context = contextOf(exchangeOf(userId), route);
      expect(address.canActivate(context) && caller.canActivate(context)).toBe(true);
    }
    end();
    const told = decisions.filter((decision) => decision.limit === limit).map(({ allowed }) => allowed);
    expect([told[0], told.at(-1)]).toEqual([true, false]);
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

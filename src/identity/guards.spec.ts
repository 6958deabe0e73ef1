import type { ExecutionContext } from '@nestjs/common';
import { buildExchange } from '../../test/support/identity-builders.js';
import { accessRefused } from '../kernel/events.js';
import { GatewayError } from '../kernel/errors/gateway-error.js';
import type { Exchange } from '../kernel/exchange.js';
import type { Principal } from '../kernel/principal.js';
import { PublicAccess, RequiresPermission, SignedIn } from '../kernel/route.js';
import { AuthenticationGuard } from './authentication/authentication.guard.js';
import type { Authenticator } from './authentication/authenticator.js';
import { AuthorizationGuard } from './authorization/authorization.guard.js';
import { Authorizer } from './authorization/authorizer.js';
import { RBAC_POLICY } from './authorization/rbac-policy.js';
import { tokenRefused } from './identity.errors.js';

class Routes {
  @PublicAccess('a test')
  open(this: void): void {
    return;
  }

  @SignedIn()
  own(this: void): void {
    return;
  }

  @RequiresPermission('qc:run')
  run(this: void): void {
    return;
  }

  undeclared(this: void): void {
    return;
  }
}

const VIEWER: Principal = { userId: 'usr_1', username: 'ada', sessionId: 'ses_1', roles: ['viewer'], projects: ['*'] };

function contextOf(handler: keyof Routes, exchange: Exchange): ExecutionContext {
  return {
    getHandler: () => Routes.prototype[handler],
    getArgByIndex: () => ({ exchange }),
  } as unknown as ExecutionContext;
}

const guardAsking = (answer: () => Principal | Promise<Principal>): AuthenticationGuard =>
  new AuthenticationGuard({ authenticate: answer } as unknown as Authenticator);

async function codeOf(attempt: () => boolean | Promise<boolean>): Promise<string> {
  try {
    return String(await attempt());
  } catch (error) {
    return (error as GatewayError).code;
  }
}

const refused: string[] = [];
const unsubscribe = accessRefused.subscribe(({ code }) => refused.push(code));

beforeEach(() => {
  refused.length = 0;
});

afterAll(() => {
  unsubscribe();
});

describe('AuthenticationGuard', () => {
  it('sets the principal, without a promise when the answer has none', () => {
    const exchange = buildExchange();
    expect(guardAsking(() => VIEWER).canActivate(contextOf('own', exchange))).toBe(true);
    expect(exchange.principal).toBe(VIEWER);
  });

  it('waits for an answer that takes time', async () => {
    const exchange = buildExchange();
    expect(await guardAsking(() => Promise.resolve(VIEWER)).canActivate(contextOf('own', exchange))).toBe(true);
    expect(exchange.principal).toBe(VIEWER);
  });

  it('asks nobody on a public route', () => {
    const guard = guardAsking(() => {
      throw new Error('was asked');
    });
    expect(guard.canActivate(contextOf('open', buildExchange()))).toBe(true);
  });

  it.each([
    [
      'at once',
      () => {
        throw tokenRefused('expired_token');
      },
    ],
    ['later', () => Promise.reject(tokenRefused('expired_token'))],
  ])('passes a refusal on and tells of it: %s', async (_, answer: () => Promise<Principal>) => {
    const exchange = buildExchange();
    expect(await codeOf(() => guardAsking(answer).canActivate(contextOf('own', exchange)))).toBe('expired_token');
    expect(exchange.principal).toBeUndefined();
    expect(refused).toEqual(['expired_token']);
  });

  it('refuses a route that declares nothing, whoever calls', async () => {
    const guard = guardAsking(() => VIEWER);
    expect(await codeOf(() => guard.canActivate(contextOf('undeclared', buildExchange())))).toBe('forbidden');
    expect(refused).toEqual(['forbidden']);
  });
});

describe('AuthorizationGuard', () => {
  const guard = new AuthorizationGuard(new Authorizer(RBAC_POLICY));
  const asked = (handler: keyof Routes, principal: Principal | undefined): Promise<string> =>
    codeOf(() => guard.canActivate(contextOf(handler, Object.assign(buildExchange(), { principal }))));

  it.each([
    ['open', undefined, 'true'],
    ['own', VIEWER, 'true'],
    ['own', undefined, 'forbidden'],
    ['run', VIEWER, 'forbidden'],
    ['run', undefined, 'forbidden'],
    ['run', { ...VIEWER, roles: ['technician'] }, 'true'],
    ['undeclared', { ...VIEWER, roles: ['admin'] }, 'forbidden'],
  ] as const)('%s for %j: %s', async (handler, principal, outcome) => {
    expect(await asked(handler, principal)).toBe(outcome);
    expect(refused).toEqual(outcome === 'true' ? [] : ['forbidden']);
  });

  it('names the missing right as RFC 6750 does', () => {
    expect(() => guard.canActivate(contextOf('run', buildExchange()))).toThrow(
      expect.objectContaining({
        status: 403,
        fields: ['WWW-Authenticate', 'Bearer realm="genoflow", error="insufficient_scope"'],
      }),
    );
  });
});

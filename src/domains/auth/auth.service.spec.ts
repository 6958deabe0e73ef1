import { buildAuthenticator, buildExchange, TEST_KEYS } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Authenticator } from '../../identity/authentication/authenticator.js';
import { Authorizer } from '../../identity/authorization/authorizer.js';
import { RBAC_POLICY } from '../../identity/authorization/rbac-policy.js';
import { GatewayIdentity } from '../../identity/outbound/gateway-identity.js';
import { MemorySessionStore } from '../../identity/sessions/memory-session-store.js';
import { AccessTokenIssuer } from '../../identity/tokens/access-token-issuer.js';
import type { Settings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import { sessionChanged } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { UpstreamCall } from '../../upstream/upstream-call.js';
import type { UpstreamClient } from '../../upstream/upstream-client.js';
import { AuthService } from './auth.service.js';
import type { TokenResponse } from './dto/token.response.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { SessionGrants } from './session-grants.js';
import { UserDirectory } from './user-directory.js';

const USER = { id: 'usr_1', username: 'ada', display_name: 'Ada', roles: ['analyst'], disabled: false };
const LIFE = { idleMs: 60_000, maxAgeMs: 600_000 };

/** An auth service whose every answer the test decides. */
class Backend {
  readonly calls: UpstreamCall[] = [];
  status = 200;
  fields: string[] = [];
  body: unknown = { user: USER };
  failure: ErrorCode | undefined;

  fetch(call: UpstreamCall): Promise<{ status: number; fields: string[]; body: Buffer }> {
    this.calls.push(call);
    if (this.failure !== undefined) return Promise.reject(new GatewayError(this.failure));
    const body = typeof this.body === 'string' ? this.body : JSON.stringify(this.body);
    return Promise.resolve({ status: this.status, fields: this.fields, body: Buffer.from(body) });
  }

  answer(body: unknown, status = 200): void {
    Object.assign(this, { status, body });
  }
}

describe('the auth domain', () => {
  let clock: ManualClock;
  let backend: Backend;
  let auth: AuthService;
  let own: OwnSessionsService;
  let authenticator: Authenticator;
  const changes: string[] = [];
  const unsubscribe = sessionChanged.subscribe(({ change }) => changes.push(change));

  afterAll(() => {
    unsubscribe();
  });

  beforeEach(() => {
    changes.length = 0;
    clock = new ManualClock();
    backend = new Backend();
    const store = new MemorySessionStore(LIFE, clock, 100);
    const issuer = new AccessTokenIssuer(TEST_KEYS, 900, clock);
    const settings = { identity: { sessionIdleSeconds: 60, sessionMaxAgeSeconds: 600 } } as Settings;
    const identity = new GatewayIdentity('an identity key for tests, 32 characters', clock);
    const users = new UserDirectory(backend as unknown as UpstreamClient, identity);
    authenticator = buildAuthenticator(clock, store);
    auth = new AuthService(users, store, new SessionGrants(store, issuer, clock, settings), authenticator);
    own = new OwnSessionsService(store, new Authorizer(RBAC_POLICY));
  });

  const login = (): Promise<TokenResponse> => {
    backend.answer({ user: USER });
    return auth.login(buildExchange(), 'ada', 'secret');
  };
  const refresh = (token: string): Promise<TokenResponse> => auth.refresh(buildExchange(), token);

  async function signedIn({ access_token }: TokenResponse): Promise<Exchange> {
    const exchange = buildExchange(['Authorization', `Bearer ${access_token}`]);
    exchange.principal = await authenticator.authenticate(exchange.requestFields);
    return exchange;
  }

  async function codeOf(attempt: Promise<unknown>): Promise<string> {
    try {
      await attempt;
      return 'done';
    } catch (error) {
      return (error as GatewayError).code;
    }
  }

  describe('login', () => {
    it('asks the auth service as the gateway, and answers with a pair that works', async () => {
      const tokens = await login();
      expect(tokens).toEqual({
        access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        refresh_token: expect.stringMatching(/^[\w-]{80,256}$/),
        token_type: 'Bearer',
        expires_in: 900,
        refresh_expires_in: 60,
        user: { id: 'usr_1', username: 'ada', display_name: 'Ada', roles: ['analyst'], projects: ['*'] },
      });
      expect((await signedIn(tokens)).principal).toMatchObject({ userId: 'usr_1', roles: ['analyst'] });
      const [call] = backend.calls;
      expect(call).toMatchObject({ service: 'auth', method: 'POST', path: '/login', retry: 'never' });
      expect(JSON.parse((call?.body as Buffer).toString())).toEqual({ username: 'ada', password: 'secret' });
      expect(call?.fields).toEqual(expect.arrayContaining(['x-request-id', 'request-1', 'x-user-id', 'gateway']));
      expect(changes).toEqual(['login']);
    });

    it('answers alike to whatever the auth service refuses', async () => {
      for (const code of ['invalid_credentials', 'user_not_found']) {
        backend.answer({ code }, 401);
        await expect(auth.login(buildExchange(), 'ada', 'wrong')).rejects.toMatchObject({
          code: 'invalid_credentials',
          status: 401,
          fields: ['WWW-Authenticate', 'Bearer realm="genoflow"'],
        });
      }
      expect(changes).toEqual(['login-refused', 'login-refused']);
    });

    it('lets no disabled user in, though the auth service says 200', async () => {
      backend.answer({ user: { ...USER, disabled: true } });
      expect(await codeOf(auth.login(buildExchange(), 'ada', 'secret'))).toBe('invalid_credentials');
    });

    it.each([
      [['Retry-After', '17'], 17],
      [['retry-after', '99999999'], 86_400],
      [['Retry-After', '0'], 1],
      [['Retry-After', 'Wed, 21 Oct 2026 07:28:00 GMT'], 60],
      [['Retry-After', '-5'], 60],
      [[], 60],
    ])('hands on how long an account is locked: %j', async (fields, retryAfterSeconds) => {
      backend.answer({ code: 'account_locked' }, 429);
      backend.fields = ['X-Note', 'retry-after', ...fields];
      await expect(auth.login(buildExchange(), 'ada', 'x')).rejects.toMatchObject({
        code: 'rate_limited',
        retryAfterSeconds,
      });
    });

    it.each([
      ['no JSON', '<html>'],
      ['nothing', ''],
      ['no user', {}],
      ['a user without roles', { user: { ...USER, roles: undefined } }],
      ['a role that would break a field', { user: { ...USER, roles: ['admin\r\nx-user-id: root'] } }],
      ['an id that would leave its key', { user: { ...USER, id: 'a}{b/../c' } }],
      ['a user without the word on being disabled', { user: { ...USER, disabled: undefined } }],
      ['a name of 10 KB', { user: { ...USER, username: 'x'.repeat(10_000) } }],
      ['a thousand roles', { user: { ...USER, roles: Array.from({ length: 1_000 }, () => 'viewer') } }],
    ])('takes no garbage for a user: %s', async (_, body) => {
      backend.answer(body);
      expect(await codeOf(auth.login(buildExchange(), 'ada', 'x'))).toBe('upstream_bad_response');
      expect(changes).toEqual([]);
    });

    it.each([
      [500, 'upstream_error'],
      [302, 'upstream_bad_response'],
      [400, 'upstream_bad_response'],
      [204, 'upstream_bad_response'],
    ])('opens no session on a %d', async (status, code) => {
      backend.answer({ user: USER }, status);
      expect(await codeOf(auth.login(buildExchange(), 'ada', 'x'))).toBe(code);
    });
  });

  describe('refresh', () => {
    it('gives a new pair with the roles of now, also to older tokens of the session', async () => {
      const first = await login();
      backend.answer({ ...USER, roles: ['viewer'] });
      const second = await refresh(first.refresh_token);
      expect(second.user.roles).toEqual(['viewer']);
      expect(second.refresh_token).not.toBe(first.refresh_token);
      expect(backend.calls.at(-1)).toMatchObject({ method: 'GET', path: '/users/usr_1', retry: 'safe' });
      expect((await signedIn(first)).principal?.roles).toEqual(['viewer']);
      expect((await signedIn(second)).principal?.roles).toEqual(['viewer']);
      expect(changes).toEqual(['login', 'refresh']);
    });

    it('ends the session at once, access tokens included, when an old token comes again', async () => {
      const first = await login();
      backend.answer(USER);
      const second = await refresh(first.refresh_token);
      const asked = backend.calls.length;
      expect(await codeOf(refresh(first.refresh_token))).toBe('session_ended');
      expect(backend.calls).toHaveLength(asked);
      expect(await codeOf(signedIn(second))).toBe('session_ended');
      expect(await codeOf(refresh(second.refresh_token))).toBe('session_ended');
      expect(changes).toEqual(['login', 'refresh', 'refresh-reused']);
    });

    it('yields at most one pair to twelve parallel uses', async () => {
      const { refresh_token } = await login();
      backend.answer(USER);
      const outcomes = await Promise.all(Array.from({ length: 12 }, () => codeOf(refresh(refresh_token))));
      expect(outcomes.filter((code) => code === 'done')).toHaveLength(1);
      expect(outcomes.filter((code) => code === 'session_ended')).toHaveLength(11);
      expect(changes.filter((change) => change === 'refresh-reused')).toHaveLength(1);
    });

    it.each([
      ['deleted', {}, 404],
      ['disabled', { ...USER, disabled: true }, 200],
    ])('ends the session of a user who was %s', async (_, body, status) => {
      const tokens = await login();
      backend.answer(body, status);
      expect(await codeOf(refresh(tokens.refresh_token))).toBe('session_ended');
      expect(await codeOf(signedIn(tokens))).toBe('session_ended');
      expect(changes).toEqual(['login', 'ended']);
    });

    it.each(['upstream_unreachable', 'upstream_timeout', 'no_endpoint', 'breaker_open', 'bulkhead_full'] as const)(
      'keeps the roles of the session while the auth service does not answer: %s',
      async (failure) => {
        const tokens = await login();
        backend.failure = failure;
        expect((await refresh(tokens.refresh_token)).user.roles).toEqual(['analyst']);
      },
    );

    it('costs the client nothing when the auth service talks garbage, or of somebody else', async () => {
      const tokens = await login();
      for (const body of ['<html>', { ...USER, id: 'usr_2', roles: ['admin'] }]) {
        backend.answer(body);
        expect(await codeOf(refresh(tokens.refresh_token))).toBe('upstream_bad_response');
      }
      backend.answer(USER);
      expect(await codeOf(refresh(tokens.refresh_token))).toBe('done');
    });

    it('refuses forged and malformed tokens without a call', async () => {
      const tokens = await login();
      const asked = backend.calls.length;
      const bytes = Buffer.from(tokens.refresh_token, 'base64url');
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      expect(await codeOf(refresh(bytes.toString('base64url')))).toBe('invalid_token');
      expect(await codeOf(refresh('AAAA'))).toBe('invalid_token');
      expect(await codeOf(refresh(tokens.access_token))).toBe('invalid_token');
      expect(backend.calls).toHaveLength(asked);
      expect((await signedIn(tokens)).principal).toBeDefined();
    });

    it('takes no refresh token for an access token', async () => {
      const { refresh_token } = await login();
      expect(await codeOf(signedIn({ access_token: refresh_token } as TokenResponse))).toBe('invalid_token');
    });

    it('does not outlive the absolute end of the session', async () => {
      let tokens = await login();
      backend.answer(USER);
      for (let passed = 50; passed < 600; passed += 50) {
        clock.advance(50_000);
        tokens = await refresh(tokens.refresh_token);
        expect(tokens.refresh_expires_in).toBe(Math.min(60, 600 - passed));
      }
      clock.advance(50_000);
      expect(await codeOf(refresh(tokens.refresh_token))).toBe('session_ended');
    });
  });

  describe('logout', () => {
    it('works at once for access and refresh token', async () => {
      const tokens = await login();
      const exchange = await signedIn(tokens);
      await auth.logout(exchange, undefined);
      expect(await codeOf(signedIn(tokens))).toBe('session_ended');
      expect(await codeOf(refresh(tokens.refresh_token))).toBe('session_ended');
      expect(changes).toEqual(['login', 'logout']);
    });

    it("ends the session of a refresh token of the caller's too, and of nobody else's", async () => {
      const [here, there] = [await login(), await login()];
      backend.answer({ user: { ...USER, id: 'usr_2', username: 'bob' } });
      const bob = await auth.login(buildExchange(), 'bob', 'x');
      await auth.logout(await signedIn(await login()), bob.refresh_token);
      expect((await signedIn(bob)).principal).toBeDefined();
      await auth.logout(await signedIn(here), there.refresh_token);
      expect(await codeOf(signedIn(there))).toBe('session_ended');
    });
  });

  describe('own sessions', () => {
    it('tells the caller who they are and what they may do', async () => {
      const exchange = await signedIn(await login());
      expect(await own.me(exchange)).toEqual({
        id: 'usr_1',
        username: 'ada',
        display_name: 'Ada',
        roles: ['analyst'],
        projects: ['*'],
        permissions: expect.arrayContaining(['qc:run', 'pipelines:configure']),
        session_id: exchange.principal?.sessionId,
      });
    });

    it('lists and ends sessions of the caller only', async () => {
      const first = await signedIn(await login());
      clock.advance(1_000);
      const second = await signedIn(await login());
      backend.answer({ user: { ...USER, id: 'usr_2' } });
      const bob = await signedIn(await auth.login(buildExchange(), 'bob', 'x'));
      const { items } = await own.list(second);
      expect(items.map(({ session_id, current }) => [session_id, current])).toEqual([
        [second.principal?.sessionId, true],
        [first.principal?.sessionId, false],
      ]);
      expect(items[0]?.created_at).toBe(new Date(clock.now()).toISOString());
      const target = first.principal?.sessionId ?? '';
      expect(await codeOf(own.end(bob, target))).toBe('session_not_found');
      expect(await codeOf(own.end(second, target))).toBe('done');
      expect(await codeOf(own.end(second, target))).toBe('session_not_found');
      expect(changes.filter((change) => change === 'ended')).toHaveLength(1);
    });
  });
});

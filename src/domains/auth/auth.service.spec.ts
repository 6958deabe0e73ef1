import { AuthDomain, codeOf, USER } from '../../../test/support/auth-domain.js';
import type { TokenResponse } from './dto/token.response.js';

describe('AuthService', () => {
  let domain: AuthDomain;

  beforeEach(() => {
    domain = new AuthDomain();
  });
  afterEach(() => {
    domain.close();
  });

  function withGrace(): void {
    domain.close();
    domain = new AuthDomain(10);
  }

  describe('refresh', () => {
    it('gives a new pair with the roles of now, also to older tokens of the session', async () => {
      const first = await domain.login();
      domain.backend.answer({ ...USER, roles: ['viewer'] });
      const second = await domain.refresh(first.refresh_token);
      expect(second.user.roles).toEqual(['viewer']);
      expect(second.refresh_token).not.toBe(first.refresh_token);
      expect(domain.backend.calls.at(-1)).toMatchObject({ method: 'GET', path: '/users/usr_1', retry: 'safe' });
      expect((await domain.signedIn(first)).principal?.roles).toEqual(['viewer']);
      expect((await domain.signedIn(second)).principal?.roles).toEqual(['viewer']);
      expect(domain.told).toEqual(['login', 'refresh']);
    });

    it('ends the session at once, access tokens included, when an old token comes again', async () => {
      const first = await domain.login();
      domain.backend.answer(USER);
      const second = await domain.refresh(first.refresh_token);
      const asked = domain.backend.calls.length;
      expect(await codeOf(domain.refresh(first.refresh_token))).toBe('session_ended');
      expect(domain.backend.calls).toHaveLength(asked);
      expect(await codeOf(domain.signedIn(second))).toBe('session_ended');
      expect(await codeOf(domain.refresh(second.refresh_token))).toBe('session_ended');
      expect(domain.told).toEqual(['login', 'refresh', 'refresh-reused']);
    });

    it('yields at most one pair to twelve parallel uses', async () => {
      const { refresh_token } = await domain.login();
      domain.backend.answer(USER);
      const outcomes = await Promise.all(Array.from({ length: 12 }, () => codeOf(domain.refresh(refresh_token))));
      expect(outcomes.filter((code) => code === 'done')).toHaveLength(1);
      expect(outcomes.filter((code) => code === 'session_ended')).toHaveLength(11);
      expect(domain.told.filter((change) => change === 'refresh-reused')).toHaveLength(1);
    });

    it.each([
      ['deleted', {}, 404],
      ['disabled', { ...USER, disabled: true }, 200],
    ])('ends the session of a user who was %s', async (_, body, status) => {
      const tokens = await domain.login();
      domain.backend.answer(body, status);
      expect(await codeOf(domain.refresh(tokens.refresh_token))).toBe('session_ended');
      expect(await codeOf(domain.signedIn(tokens))).toBe('session_ended');
      expect(domain.told).toEqual(['login', 'ended']);
    });

    it.each(['upstream_unreachable', 'upstream_timeout', 'no_endpoint', 'breaker_open', 'bulkhead_full'] as const)(
      'keeps the roles of the session while the auth service does not answer: %s',
      async (failure) => {
        const tokens = await domain.login();
        domain.backend.failure = failure;
        expect((await domain.refresh(tokens.refresh_token)).user.roles).toEqual(['analyst']);
      },
    );

    it('costs the client nothing when the auth service talks garbage, or of somebody else', async () => {
      const tokens = await domain.login();
      for (const body of ['<html>', { ...USER, id: 'usr_2', roles: ['admin'] }]) {
        domain.backend.answer(body);
        expect(await codeOf(domain.refresh(tokens.refresh_token))).toBe('upstream_bad_response');
      }
      domain.backend.answer(USER);
      expect(await codeOf(domain.refresh(tokens.refresh_token))).toBe('done');
    });

    it('refuses forged and malformed tokens without a call', async () => {
      const tokens = await domain.login();
      const asked = domain.backend.calls.length;
      const bytes = Buffer.from(tokens.refresh_token, 'base64url');
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      expect(await codeOf(domain.refresh(bytes.toString('base64url')))).toBe('invalid_token');
      expect(await codeOf(domain.refresh('AAAA'))).toBe('invalid_token');
      expect(await codeOf(domain.refresh(tokens.access_token))).toBe('invalid_token');
      expect(domain.backend.calls).toHaveLength(asked);
      expect((await domain.signedIn(tokens)).principal).toBeDefined();
    });

    it('with a grace gives twelve parallel uses one and the same pair to go on with', async () => {
      withGrace();
      const { refresh_token } = await domain.login();
      domain.backend.answer(USER);
      const pairs = await Promise.all(Array.from({ length: 12 }, () => domain.refresh(refresh_token)));
      expect(new Set(pairs.map((pair) => pair.refresh_token)).size).toBe(1);
      for (const pair of pairs) expect((await domain.signedIn(pair)).principal?.userId).toBe('usr_1');
      expect(domain.told.filter((change) => change === 'refresh')).toHaveLength(1);
      expect(domain.told.filter((change) => change === 'refresh-repeated')).toHaveLength(11);
      const [newest] = pairs as [TokenResponse];
      expect(await codeOf(domain.refresh(newest.refresh_token))).toBe('done');
    });

    it('with a grace answers one whose answer was lost, without a call, and not once it is over', async () => {
      withGrace();
      const first = await domain.login();
      domain.backend.answer(USER);
      const lost = await domain.refresh(first.refresh_token);
      domain.clock.advance(9_999);
      const asked = domain.backend.calls.length;
      expect((await domain.refresh(first.refresh_token)).refresh_token).toBe(lost.refresh_token);
      expect(domain.backend.calls).toHaveLength(asked);
      domain.clock.advance(1);
      expect(await codeOf(domain.refresh(first.refresh_token))).toBe('session_ended');
      expect(await codeOf(domain.signedIn(lost))).toBe('session_ended');
      expect(domain.told.at(-1)).toBe('refresh-reused');
    });

    it('with a grace finds out a second holder who comes too late at the next refresh', async () => {
      withGrace();
      const first = await domain.login();
      domain.backend.answer(USER);
      const [holder, thief] = [await domain.refresh(first.refresh_token), await domain.refresh(first.refresh_token)];
      await domain.refresh(holder.refresh_token);
      domain.clock.advance(10_000);
      expect(await codeOf(domain.refresh(thief.refresh_token))).toBe('session_ended');
      expect(await codeOf(domain.signedIn(holder))).toBe('session_ended');
    });

    it('tells how long the session lives on by the roles it has now', async () => {
      const tokens = await domain.login();
      domain.backend.answer({ ...USER, roles: ['service'] });
      expect((await domain.refresh(tokens.refresh_token)).refresh_expires_in).toBe(600);
    });

    it('takes no refresh token for an access token', async () => {
      const { refresh_token } = await domain.login();
      expect(await codeOf(domain.signedIn({ access_token: refresh_token }))).toBe('invalid_token');
    });

    it('does not outlive the absolute end of the session', async () => {
      let tokens = await domain.login();
      domain.backend.answer(USER);
      for (let passed = 50; passed < 600; passed += 50) {
        domain.clock.advance(50_000);
        tokens = await domain.refresh(tokens.refresh_token);
        expect(tokens.refresh_expires_in).toBe(Math.min(60, 600 - passed));
      }
      domain.clock.advance(50_000);
      expect(await codeOf(domain.refresh(tokens.refresh_token))).toBe('session_ended');
    });
  });

  describe('logout', () => {
    it('works at once for access and refresh token', async () => {
      const tokens = await domain.login();
      const exchange = await domain.signedIn(tokens);
      await domain.auth.logout(exchange, undefined);
      expect(await codeOf(domain.signedIn(tokens))).toBe('session_ended');
      expect(await codeOf(domain.refresh(tokens.refresh_token))).toBe('session_ended');
      expect(domain.told).toEqual(['login', 'logout']);
    });

    it("ends the session of a refresh token of the caller's too, and of nobody else's", async () => {
      const [here, there] = [await domain.login(), await domain.login()];
      domain.backend.answer({ user: { ...USER, id: 'usr_2', username: 'bob' } });
      const bob = await domain.logIn('bob', 'x');
      await domain.auth.logout(await domain.signedIn(await domain.login()), bob.refresh_token);
      expect((await domain.signedIn(bob)).principal).toBeDefined();
      await domain.auth.logout(await domain.signedIn(here), there.refresh_token);
      expect(await codeOf(domain.signedIn(there))).toBe('session_ended');
    });
  });
});

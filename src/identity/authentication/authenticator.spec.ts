import {
  buildAuthenticator,
  buildSession,
  rotationOf,
  TEST_KEYS,
  TEST_LIFE,
} from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Principal } from '../../kernel/principal.js';
import { MemorySessionStore } from '../sessions/memory-session-store.js';
import { AccessTokenIssuer } from '../tokens/access-token-issuer.js';
import type { Authenticator } from './authenticator.js';

describe('Authenticator', () => {
  let clock: ManualClock;
  let store: MemorySessionStore;
  let authenticator: Authenticator;
  let principal: Principal;
  let token: string;

  beforeEach(async () => {
    clock = new ManualClock();
    store = new MemorySessionStore(TEST_LIFE, clock);
    authenticator = buildAuthenticator(clock, store);
    const { session } = buildSession(clock);
    ({ principal } = session);
    await store.create(session);
    token = await new AccessTokenIssuer(TEST_KEYS, 900, clock).issue(principal);
  });

  const attempt = async (...fields: string[]): Promise<Principal | GatewayError> => {
    try {
      return await authenticator.authenticate(fields);
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
  };

  it('proves the caller, and answers without a promise from the second time on', async () => {
    expect(await authenticator.authenticate(['Host', 'x', 'Authorization', `Bearer ${token}`])).toEqual(principal);
    expect(authenticator.authenticate(['authorization', `bearer ${token}`])).toEqual(principal);
  });

  it.each([
    ['no field', []],
    ['another scheme', ['Authorization', 'Basic YTpi']],
    ['a scheme that begins alike', ['Authorization', 'Bearerish abc']],
    ['an empty field', ['Authorization', '']],
    ['a token under another name', ['X-Authorization', 'Bearer abc']],
  ])('asks for credentials where there are none: %s', async (_, fields) => {
    expect(await attempt(...fields)).toMatchObject({
      code: 'unauthenticated',
      status: 401,
      fields: ['WWW-Authenticate', 'Bearer realm="genoflow"'],
    });
  });

  it('refuses a repeated Authorization field, whichever of them is good', async () => {
    const good = ['Authorization', `Bearer ${token}`];
    for (const fields of [
      [...good, ...good],
      [...good, 'AUTHORIZATION', 'Bearer x'],
      ['authorization', '', ...good],
    ]) {
      expect(await attempt(...fields)).toMatchObject({ code: 'invalid_token' });
    }
  });

  it('refuses two tokens in one field', async () => {
    expect(await attempt('Authorization', `Bearer ${token}, Bearer ${token}`)).toMatchObject({ code: 'invalid_token' });
    expect(await attempt('Authorization', `Bearer ${token} ${token}`)).toMatchObject({ code: 'invalid_token' });
  });

  it('refuses a known token from the moment its session has ended', async () => {
    await authenticator.authenticate(['Authorization', `Bearer ${token}`]);
    await store.end(principal.userId, principal.sessionId);
    expect(await attempt('Authorization', `Bearer ${token}`)).toMatchObject({
      code: 'session_ended',
      fields: ['WWW-Authenticate', 'Bearer realm="genoflow", error="invalid_token"'],
    });
  });

  it('refuses a token of a session that fell idle, and not of one in use', async () => {
    for (let use = 0; use < 5; use += 1) {
      clock.advance(TEST_LIFE.idleMs - 1);
      expect(await attempt('Authorization', `Bearer ${token}`)).toEqual(principal);
    }
    clock.advance(TEST_LIFE.idleMs);
    expect(await attempt('Authorization', `Bearer ${token}`)).toMatchObject({ code: 'session_ended' });
  });

  it('goes by the roles that the session holds, not by those that the token states', async () => {
    const { refreshToken, session } = buildSession(clock, 'usr_2', ['admin']);
    await store.create(session);
    const old = await new AccessTokenIssuer(TEST_KEYS, 900, clock).issue(session.principal);
    await store.rotate(rotationOf(refreshToken, refreshToken.next(), { roles: ['viewer'] }));
    expect(await attempt('Authorization', `Bearer ${old}`)).toMatchObject({ roles: ['viewer'] });
  });

  it('refuses the gateway-signed token of one user for the session of another', async () => {
    const mixed = await new AccessTokenIssuer(TEST_KEYS, 900, clock).issue({ ...principal, userId: 'usr_9' });
    expect(await attempt('Authorization', `Bearer ${mixed}`)).toMatchObject({ code: 'session_ended' });
  });

  it('spends less than half a second on a token of 100 KB', async () => {
    const begun = performance.now();
    expect(await attempt('Authorization', `Bearer ${'a'.repeat(50_000)}.${'b'.repeat(50_000)}.c`)).toMatchObject({
      code: 'invalid_token',
    });
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

import { createSecretKey, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { testKey } from '../../../test/support/token-builders.js';
import type { Principal } from '../../kernel/principal.js';
import { AccessTokenStrategy } from '../tokens/access-token.strategy.js';
import { TokenKeys } from '../tokens/token-keys.js';
import { GatewayIdentity } from './gateway-identity.js';

const SECRET = 'an identity key for tests, 32 characters';
const SETTINGS = { jwtSecret: 'a key of access tokens, 32 characters', issuer: 'genoflow', audience: 'genoflow-api' };
const SECRET_KEY = createSecretKey(Buffer.from(SECRET));
const [RSA, EC, ED] = [testKey('rsa', 'RS256'), testKey('ec', 'ES256'), testKey('ed', 'EdDSA')];
const ADA: Principal = {
  userId: 'usr_1',
  username: 'ada',
  sessionId: 'ses_1',
  roles: ['analyst', 'clinician'],
  projects: ['*'],
};

describe('GatewayIdentity', () => {
  let clock: ManualClock;
  let keys: TokenKeys;
  let identity: GatewayIdentity;

  const build = (...list: ConstructorParameters<typeof TokenKeys>[1] & object): void => {
    clock = new ManualClock();
    keys = new TokenKeys(SETTINGS, list);
    identity = new GatewayIdentity(keys, SECRET, clock);
  };
  beforeEach(() => {
    build();
  });

  const tokenIn = (fields: readonly string[]): string => fields[fields.indexOf('x-genoflow-identity') + 1] ?? '';

  async function claimsOf(
    fields: readonly string[],
    key: KeyObject = SECRET_KEY,
    algorithm = 'HS256',
  ): Promise<Record<string, unknown>> {
    const { payload } = await jwtVerify(tokenIn(fields), key, {
      algorithms: [algorithm],
      issuer: 'genoflow-gateway',
      audience: 'genoflow-backends',
      typ: 'genoflow-identity+jwt',
      currentDate: new Date(clock.now()),
    });
    return payload;
  }

  it('states the caller in fields and in a signed token of 60 s', async () => {
    const fields = identity.fieldsFor(ADA);
    const iat = Math.floor(clock.now() / 1000);
    expect(fields.slice(0, -2)).toEqual([
      ...['x-user-id', 'usr_1'],
      ...['x-user-roles', 'analyst,clinician'],
      ...['x-session-id', 'ses_1'],
    ]);
    expect(await claimsOf(fields)).toEqual({
      sub: 'usr_1',
      name: 'ada',
      sid: 'ses_1',
      kind: 'user',
      roles: ['analyst', 'clinician'],
      projects: ['*'],
      iat,
      exp: iat + 60,
      iss: 'genoflow-gateway',
      aud: 'genoflow-backends',
    });
  });

  it('says so when nobody is signed in, and when the gateway calls for itself, whatever a user is called', async () => {
    expect(await claimsOf(identity.fieldsFor(undefined))).toMatchObject({ sub: 'anonymous', kind: 'user', roles: [] });
    const user = { ...ADA, userId: 'gateway', username: 'gateway', sessionId: '', roles: [] };
    expect(await claimsOf(identity.fieldsFor(user))).toMatchObject({ sub: 'gateway', kind: 'user' });
    expect(await claimsOf(identity.fieldsForGateway())).toMatchObject({ sub: 'gateway', kind: 'gateway', roles: [] });
    expect(await claimsOf(identity.fieldsFor(user))).toMatchObject({ kind: 'user' });
  });

  it('mints once in 30 s per session', async () => {
    const first = identity.fieldsFor(ADA);
    const own = identity.fieldsForGateway();
    clock.advance(29_999);
    expect(identity.fieldsFor({ ...ADA, roles: [...ADA.roles] })).toBe(first);
    expect(identity.fieldsForGateway()).toBe(own);
    clock.advance(1);
    const second = identity.fieldsFor(ADA);
    expect(second).not.toBe(first);
    expect(identity.fieldsForGateway()).not.toBe(own);
    expect((await claimsOf(second))['exp']).toBe(Math.floor(clock.now() / 1000) + 60);
  });

  it('mints anew when the clock was put back: a token of the future would be refused', () => {
    const first = identity.fieldsFor(ADA);
    clock.advance(-3_600_000);
    expect(identity.fieldsFor(ADA)).not.toBe(first);
  });

  it('mints anew when the session has other roles', async () => {
    identity.fieldsFor(ADA);
    expect((await claimsOf(identity.fieldsFor({ ...ADA, roles: ['viewer'] })))['roles']).toEqual(['viewer']);
    expect(identity.fieldsFor({ ...ADA, roles: [] })[3]).toBe('');
  });

  it.each([RSA, EC, ED])('signs by the key that signs access tokens where there is one: $algorithm', async (key) => {
    build(key);
    for (const fields of [identity.fieldsFor(ADA), identity.fieldsForGateway()]) {
      await expect(claimsOf(fields, key.publicKey, key.algorithm)).resolves.toMatchObject({ iss: 'genoflow-gateway' });
      expect(decodeProtectedHeader(tokenIn(fields))).toEqual({
        alg: key.algorithm,
        typ: 'genoflow-identity+jwt',
        kid: key.kid,
      });
    }
  });

  it('mints anew as soon as another key signs, and never again by one that is gone', async () => {
    build(EC);
    const old = [identity.fieldsFor(ADA), identity.fieldsForGateway()];
    keys.replace([EC, ED]);
    expect(await claimsOf(identity.fieldsFor(ADA), EC.publicKey, 'ES256')).toBeDefined();
    keys.replace([ED]);
    const next = [identity.fieldsFor(ADA), identity.fieldsForGateway()];
    expect(next).not.toEqual(old);
    for (const fields of next) expect(decodeProtectedHeader(tokenIn(fields)).kid).toBe('ed');
    const again = testKey('ed', 'EdDSA');
    keys.replace([again]);
    expect(await claimsOf(identity.fieldsFor(ADA), again.publicKey, 'EdDSA')).toBeDefined();
  });

  it('mints what is no access token, though key, issuer and audience be the same', async () => {
    clock = new ManualClock();
    keys = new TokenKeys({ ...SETTINGS, issuer: 'genoflow-gateway', audience: 'genoflow-backends' }, [EC]);
    const token = tokenIn(new GatewayIdentity(keys, SECRET, clock).fieldsFor(ADA));
    await expect(new AccessTokenStrategy(keys, clock).check(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });
});

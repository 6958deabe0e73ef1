import { byHmac, byKey, encoded, jws, testKey, unsigned, type TestKey } from '../../../test/support/token-builders.js';
import { GatewayKeys } from './gateway-keys.js';
import { IdentityTokens } from './identity-tokens.js';
import { createLog } from './log.js';

const SECRET = 'a-key-for-this-test-0123456789abcdef';
const NOW = 1_700_000_000;
const [RSA, EC, ED] = [testKey('rsa', 'RS256'), testKey('ec', 'ES256'), testKey('ed', 'EdDSA')];
const KEYS = [RSA, EC, ED];
const STRANGER = testKey('ec', 'ES256');
const TYP = 'genoflow-identity+jwt';
const HS = { alg: 'HS256', typ: TYP };
const HEADER = { alg: 'ES256', typ: TYP, kid: 'ec' };
const INVALID = { status: 401, code: 'identity_invalid' };

const claims = {
  iss: 'genoflow-gateway',
  aud: 'genoflow-backends',
  sub: 'usr_1',
  kind: 'user',
  name: 'n',
  sid: 's',
  roles: ['viewer'],
  projects: ['p1'],
  iat: NOW,
  exp: NOW + 60,
};
const peer = { ...claims, iss: 'genoflow-peer' };
const without = (name: keyof typeof claims): object => ({ ...claims, [name]: undefined });

const bySecret = (payload: object = claims, header: object = HS, key = SECRET): string =>
  jws(header, payload, byHmac(key));
const byGateway = (payload: object = claims, header: object = HEADER, key: TestKey = EC): string =>
  jws(header, payload, byKey(key.privateKey));

const pemOf = ({ publicKey }: TestKey): string => publicKey.export({ format: 'pem', type: 'spki' }) as string;
const derOf = ({ publicKey }: TestKey): Buffer => publicKey.export({ format: 'der', type: 'spki' });

const atOnce = (): Promise<void> => Promise.resolve();
let now = NOW;
const clock = { now: () => now * 1000 };
beforeEach(() => {
  now = NOW;
});

type Attack = readonly [name: string, token: string | undefined];

/** Refused whoever vouches; `make` signs as the gateway does. */
const malformed = (make: (payload?: object, header?: object) => string, header: Record<string, unknown>): Attack[] => [
  ['none at all', undefined],
  ['an empty one', ''],
  ['no token', 'x'],
  ['a header that is no JSON', `x.${encoded(claims)}.x`],
  ['no signature', jws({ ...header, alg: 'none' }, claims, unsigned)],
  ['an empty signature', jws(header, claims, unsigned)],
  ['a changed payload', make().replace(/\.[^.]+\./, `.${encoded({ ...claims, sub: 'usr_2' })}.`)],
  ['the type of an access token', make(claims, { ...header, typ: 'at+jwt' })],
  ['the type JWT', make(claims, { ...header, typ: 'JWT' })],
  ['no type', make(claims, { ...header, typ: undefined })],
  ['a list of critical members', make(claims, { ...header, crit: ['x'], x: 1 })],
  ['a key of its own', make(claims, { ...header, jwk: STRANGER.publicJwk })],
  ['an address of keys', make(claims, { ...header, jku: 'http://127.0.0.1:9/jwks.json' })],
  ['another issuer', make({ ...claims, iss: 'genoflow' })],
  ['no issuer', make(without('iss'))],
  ['the audience of access tokens', make({ ...claims, aud: 'genoflow-api' })],
  ['a further audience', make({ ...claims, aud: ['genoflow-backends', 'genoflow-api'] })],
  ['no audience', make(without('aud'))],
  ['no expiry', make(without('exp'))],
  ['no beginning', make(without('iat'))],
  ['a past expiry', make({ ...claims, iat: NOW - 70, exp: NOW - 10 })],
  ['a long life', make({ ...claims, exp: NOW + 3600 })],
  ['an end before its beginning', make({ ...claims, iat: NOW + 4, exp: NOW + 3 })],
  ['a future', make({ ...claims, iat: NOW + 30, exp: NOW + 60 })],
  ['no subject', make(without('sub'))],
  ['no kind', make(without('kind'))],
  ['a kind that there is not', make({ ...claims, kind: 'service' })],
  ['a list of kinds', make({ ...claims, kind: ['gateway'] })],
  ['roles that are no list', make({ ...claims, roles: 'admin' })],
  ['no projects', make(without('projects'))],
  ['a peer’s kind from the gateway', make({ ...claims, kind: 'peer' })],
  ['endless length', `${make()}${'x'.repeat(25_000)}`],
];

describe('identity tokens where the secret vouches for all', () => {
  const tokens = new IdentityTokens(SECRET, clock);

  it('name the caller, as the gateway or as a peer', async () => {
    const identity = { userId: 'usr_1', username: 'n', sessionId: 's', roles: ['viewer'], projects: ['p1'] };
    expect(await tokens.verify(bySecret())).toEqual({ kind: 'user', ...identity });
    expect(await tokens.verify(bySecret({ ...claims, kind: 'gateway' }))).toEqual({ kind: 'gateway', ...identity });
    expect(await tokens.verify(bySecret({ ...peer, kind: 'peer' }))).toEqual({ kind: 'peer', ...identity });
    expect(await tokens.verify(bySecret(peer))).toEqual({ kind: 'user', ...identity });
  });

  it('are no longer good than they say, though they have been verified before', async () => {
    const token = bySecret();
    await tokens.verify(token);
    now = NOW + 64;
    await tokens.verify(token);
    now = NOW + 65;
    await expect(tokens.verify(token)).rejects.toMatchObject(INVALID);
    now = NOW - 6;
    await expect(tokens.verify(token)).rejects.toMatchObject(INVALID);
  });

  it.each<Attack>([
    ...malformed(bySecret, HS),
    ['another key', bySecret(claims, HS, 'another-key-for-this-test-0123456789')],
    ['another algorithm', jws({ ...HS, alg: 'HS512' }, claims, byHmac(SECRET, 'sha512'))],
    ['a kid', bySecret(claims, { ...HS, kid: 'ec' })],
    ['a key of the gateway, for none is known', byGateway()],
    ['the kind of the gateway from a peer', bySecret({ ...peer, kind: 'gateway' })],
  ])('are refused with %s', async (_name, token) => {
    await expect(tokens.verify(token)).rejects.toMatchObject(INVALID);
  });
});

describe('identity tokens where the gateway has keys', () => {
  let published: readonly TestKey[] = KEYS;
  const source = (): Promise<string> =>
    Promise.resolve(JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) }));
  const tokens = new IdentityTokens(SECRET, clock, new GatewayKeys(source, clock, createLog('silent'), atOnce));

  it.each(KEYS)('name the caller by any of its keys: $algorithm', async (key) => {
    const token = byGateway(claims, { alg: key.algorithm, typ: TYP, kid: key.kid }, key);
    expect(await tokens.verify(token)).toMatchObject({ kind: 'user', userId: 'usr_1', roles: ['viewer'] });
    expect(await tokens.verify(byGateway({ ...claims, kind: 'gateway' }))).toMatchObject({ kind: 'gateway' });
  });

  it('of peers are good by the secret, which vouches for users and peers', async () => {
    expect(await tokens.verify(bySecret(peer))).toMatchObject({ kind: 'user', userId: 'usr_1' });
    expect(await tokens.verify(bySecret({ ...peer, kind: 'peer' }))).toMatchObject({ kind: 'peer' });
    const identity = await tokens.verify(byGateway({ ...claims, sub: 'gateway', kind: 'gateway' }));
    expect(await tokens.verify(tokens.sign(identity))).toEqual({ ...identity, kind: 'peer' });
  });

  it.each<Attack>([
    ...malformed(byGateway, HEADER),
    ['the secret in the gateway’s name', bySecret()],
    ['the secret in the gateway’s name and kind', bySecret({ ...claims, kind: 'gateway' })],
    ['the secret in a peer’s name and the gateway’s kind', bySecret({ ...peer, kind: 'gateway' })],
    ['the secret under the kid of a key', bySecret(peer, { ...HS, kid: 'ec' })],
    ['a key in a peer’s name', byGateway(peer)],
    ['a key in a peer’s name and kind', byGateway({ ...peer, kind: 'peer' })],
    ['the public key as secret, as PEM', jws(HS, claims, byHmac(pemOf(EC)))],
    ['the public key as secret, as PEM of a peer', jws(HS, peer, byHmac(pemOf(EC)))],
    ['the public key as secret, as DER', jws(HS, peer, byHmac(derOf(EC)))],
    ['the public key as secret, as JWK', jws(HS, peer, byHmac(JSON.stringify(EC.publicJwk)))],
    ['the public key as secret, under its kid', jws({ ...HS, kid: 'ec' }, claims, byHmac(pemOf(EC)))],
    ['another key of the same kid', byGateway(claims, HEADER, STRANGER)],
    ['another key’s kid', byGateway(claims, { ...HEADER, kid: 'ed' })],
    ['an unknown kid', byGateway(claims, { ...HEADER, kid: 'x' }, testKey('x', 'ES256'))],
    ['no kid', byGateway(claims, { ...HEADER, kid: undefined })],
    ['an empty kid', byGateway(claims, { ...HEADER, kid: '' })],
    ['a kid that is a path', byGateway(claims, { ...HEADER, kid: '../../dev/null' })],
    ['a kid that is a list', byGateway(claims, { ...HEADER, kid: ['ec'] })],
    [
      'another algorithm of the same key',
      jws({ ...HEADER, alg: 'RS512', kid: 'rsa' }, claims, byKey(RSA.privateKey, 'sha512')),
    ],
    ['the padding of another algorithm', jws({ ...HEADER, alg: 'PS256', kid: 'rsa' }, claims, byKey(RSA.privateKey))],
    ['an algorithm in small letters', byGateway(claims, { ...HEADER, alg: 'es256' })],
    ['certificates', byGateway(claims, { ...HEADER, x5c: ['MIIB'], x5u: 'http://127.0.0.1:9/' })],
  ])('are refused with %s', async (_name, token) => {
    await expect(tokens.verify(token)).rejects.toMatchObject(INVALID);
  });

  it('are verified once while the keys stay the same, and are no longer good when theirs is taken away', async () => {
    published = [EC];
    const keys = new GatewayKeys(source, clock, createLog('silent'), atOnce);
    const fresh = new IdentityTokens(SECRET, clock, keys);
    await fresh.verify(byGateway({ ...claims, sub: 'usr_2' }));
    const find = jest.spyOn(keys, 'find');
    const token = byGateway();
    await fresh.verify(token);
    expect(await fresh.verify(token)).toMatchObject({ userId: 'usr_1' });
    expect(find).toHaveBeenCalledTimes(1);
    published = [ED];
    await fresh.verify(byGateway(claims, { ...HEADER, alg: 'EdDSA', kid: 'ed' }, ED));
    await expect(fresh.verify(token)).rejects.toMatchObject(INVALID);
  });

  it('say that nobody can be recognised while the keys cannot be read, but for peers', async () => {
    const keys = new GatewayKeys(() => Promise.reject(new Error('away')), clock, createLog('silent'), atOnce);
    const fresh = new IdentityTokens(SECRET, clock, keys);
    await expect(fresh.verify(byGateway())).rejects.toMatchObject({ status: 503, code: 'gateway_keys_unavailable' });
    await expect(fresh.verify(bySecret())).rejects.toMatchObject(INVALID);
    expect(await fresh.verify(bySecret(peer))).toMatchObject({ userId: 'usr_1' });
  });
});

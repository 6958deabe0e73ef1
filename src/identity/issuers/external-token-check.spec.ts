import { createSecretKey } from 'node:crypto';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { byHmac, byKey, jws, testKey, unsigned } from '../../../test/support/token-builders.js';
import type { ExternalIssuer } from '../../kernel/config/external-issuers.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import { IDENTIFIER } from '../../kernel/identifiers.js';
import type { ExternalToken } from '../tokens/verified-token.js';
import { ExternalTokenCheck } from './external-token-check.js';
import { IssuerKeys } from './issuer-keys.js';

const clock = new ManualClock();
const key = testKey('idp-1', 'RS256');
const elliptic = testKey('idp-2', 'ES256');
const ISSUER: ExternalIssuer = {
  issuer: 'https://id.lab.example/realms/genomics',
  audience: 'genoflow-api',
  algorithms: ['RS256', 'ES256'],
  rolesClaim: 'realm_access.roles',
  roles: new Map([
    ['scientist', 'analyst'],
    ['bench', 'technician'],
    ['senior-scientist', 'analyst'],
  ]),
  projectsClaim: undefined,
  userIdClaim: 'sub',
  usernameClaim: 'preferred_username',
};

const anyAlgorithm = testKey('idp-any', 'RS256');
const { alg: _alg, ...withoutAlgorithm } = anyAlgorithm.publicJwk as Record<string, unknown>;

const checkFor = (changes: Partial<ExternalIssuer> = {}): ExternalTokenCheck => {
  const published = { keys: [key.publicJwk, elliptic.publicJwk, withoutAlgorithm] } as never;
  return new ExternalTokenCheck(
    { ...ISSUER, ...changes },
    new IssuerKeys(ISSUER.issuer, () => Promise.resolve(published), clock),
    clock,
  );
};
const now = (): number => Math.floor(clock.now() / 1000);
const HEADER = { alg: 'RS256', typ: 'JWT', kid: 'idp-1' };
const claims = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  iss: ISSUER.issuer,
  aud: ['account', 'genoflow-api'],
  sub: 'f:1234:ada',
  preferred_username: 'ada',
  realm_access: { roles: ['scientist', 'offline_access', 'senior-scientist'] },
  azp: 'portal',
  iat: now(),
  exp: now() + 600,
  ...changes,
});
const signed = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string =>
  jws({ ...HEADER, ...header }, claims(changes), byKey(key.privateKey));

const read = async (token: string, issuer: Partial<ExternalIssuer> = {}): Promise<ExternalToken> =>
  checkFor(issuer).check(token);
const codeOf = async (token: string): Promise<string> =>
  read(token).then(
    () => 'taken',
    (error: GatewayError) => error.code,
  );

describe('ExternalTokenCheck', () => {
  it('tells who it is here, and what of their roles counts', async () => {
    const { kind, principal, expiresAt } = await read(signed());
    expect([kind, expiresAt]).toEqual(['external', (now() + 605) * 1000]);
    expect(principal).toEqual({
      userId: expect.stringMatching(/^ext_[0-9a-f]{40}$/),
      username: 'ada',
      sessionId: '',
      roles: ['analyst'],
      projects: ['*'],
    });
    expect(principal.userId).toMatch(IDENTIFIER);
  });

  it('knows a person again, and by issuer and id only', async () => {
    const first = (await read(signed())).principal.userId;
    expect((await read(signed({ preferred_username: 'other', exp: now() + 1 }))).principal.userId).toBe(first);
    expect((await read(signed({ sub: 'f:1234:bob' }))).principal.userId).not.toBe(first);
    const elsewhere = { ...ISSUER, issuer: 'https://other.example' };
    const token = jws(HEADER, claims({ iss: elsewhere.issuer }), byKey(key.privateKey));
    expect((await read(token, elsewhere)).principal.userId).not.toBe(first);
  });

  it.each([
    [
      ['p1', 'p2', 'p1'],
      ['p1', 'p2'],
    ],
    ['p1 p2', ['p1', 'p2']],
    [['*', '../p1', '', 7, 'p3'], ['p3']],
    [undefined, []],
  ])('takes the projects that a claim lists, none of which is all: %j', async (named, projects) => {
    const issuer = { ...ISSUER, projectsClaim: 'lab.projects' };
    const token = jws(HEADER, claims({ lab: { projects: named } }), byKey(key.privateKey));
    expect((await read(token, issuer)).principal.projects).toEqual(projects);
  });

  it.each([
    ['roles', { roles: ['bench'] }, ['technician']],
    ['https://lab.example/roles', { 'https://lab.example/roles': ['bench', 7, null, { x: 1 }] }, ['technician']],
    ['scope', { scope: 'openid bench scientist' }, ['technician', 'analyst']],
    ['roles', { roles: ['admin', 'analyst', '__proto__', 'constructor', ''] }, []],
    ['roles', { roles: { bench: true } }, []],
    ['roles', {}, []],
  ])('reads roles at %s of %j', async (rolesClaim, changes, roles) => {
    expect((await read(signed(changes), { rolesClaim })).principal.roles).toEqual(roles);
  });

  it.each([[undefined], [7], [''], ['x'.repeat(129)], ['line\nbreak'], ['bell\u0007']])(
    'goes by the id where the name is %j',
    async (name) => {
      const { principal } = await read(signed({ preferred_username: name }));
      expect(principal.username).toBe(principal.userId);
    },
  );

  it('takes the id from another claim where one is set', async () => {
    const [one, other] = await Promise.all(
      ['a', 'b'].map((sub) => read(signed({ sub, oid: 'same' }), { userIdClaim: 'oid' })),
    );
    expect(one?.principal.userId).toBe(other?.principal.userId);
  });

  it('gives tokens of one content one digest, however their signature is spelled', async () => {
    const make = (): string => jws({ ...HEADER, alg: 'ES256', kid: 'idp-2' }, claims(), byKey(elliptic.privateKey));
    const [one, other] = [make(), make()];
    expect(one).not.toBe(other);
    expect((await read(one)).digest).toBe((await read(other)).digest);
    expect((await read(signed({ jti: 'x' }))).digest).not.toBe((await read(signed({ jti: 'y' }))).digest);
  });

  it.each([undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('takes typ %s', async (typ) => {
    expect(await codeOf(signed({}, { typ }))).toBe('taken');
  });

  it.each([
    ['typ', 'logout+jwt'],
    ['typ', 'dpop+jwt'],
    ['typ', 'refresh+jwt'],
    ['typ', 7],
    ['kid', undefined],
    ['kid', ''],
    ['kid', 'idp-3'],
    ['kid', '../../dev/null'],
    ['kid', "' OR 1=1 --"],
    ['kid', 'https://evil.test/keys'],
    ['kid', 'x'.repeat(257)],
    ['jku', 'https://evil.test/keys'],
    ['x5u', 'https://evil.test/cert'],
    ['x5c', ['MIIB']],
    ['jwk', testKey('idp-1', 'RS256').publicJwk],
    ['crit', ['exp']],
    ['b64', false],
    ['alg', 'none'],
    ['alg', 'HS256'],
    ['alg', 'RS512'],
    ['alg', 'EdDSA'],
  ])('refuses a header with %s %j', async (name, value) => {
    expect(await codeOf(signed({}, { [name]: value }))).toBe('invalid_token');
  });

  it.each([
    ['iss', 'https://id.lab.example/realms/genomics/'],
    ['iss', undefined],
    ['aud', 'account'],
    ['aud', ['genoflow-api-test']],
    ['aud', undefined],
    ['aud', { 0: 'genoflow-api' }],
    ['sub', undefined],
    ['sub', ''],
    ['sub', 7],
    ['sub', 'x'.repeat(513)],
    ['exp', undefined],
    ['exp', '9999999999'],
    ['exp', 1e300],
    ['exp', 9_999_999_999.5],
    ['exp', null],
    ['nbf', 4_000_000_000],
    ['nbf', 'now'],
    ['iat', 4_000_000_000],
    ['iat', 'now'],
    ['typ', 'ID'],
    ['typ', 'Refresh'],
    ['typ', 'DPoP'],
    ['at_hash', 'x'],
    ['c_hash', 'x'],
    ['events', {}],
    ['cnf', { jkt: 'x' }],
  ])('refuses claims with %s %j', async (name, value) => {
    expect(await codeOf(signed({ [name]: value }))).toBe('invalid_token');
  });

  it('allows its clock and ours to differ by 5 s', async () => {
    expect(await codeOf(signed({ nbf: now() + 5, iat: now() + 5, exp: now() - 4 }))).toBe('taken');
    expect(await codeOf(signed({ nbf: now() + 6 }))).toBe('invalid_token');
    expect(await codeOf(signed({ iat: now() + 6 }))).toBe('invalid_token');
    expect(await codeOf(signed({ exp: now() - 5 }))).toBe('expired_token');
  });

  it('takes no algorithm that is not listed, though the key would do and the signature is good', async () => {
    const make = (alg: string, digest: string): string =>
      jws({ ...HEADER, alg, kid: 'idp-any' }, claims(), byKey(anyAlgorithm.privateKey, digest));
    expect(await codeOf(make('RS256', 'sha256'))).toBe('taken');
    expect(await codeOf(make('RS512', 'sha512'))).toBe('invalid_token');
    const { principal } = await read(make('RS512', 'sha512'), { algorithms: ['RS512'] });
    expect(principal.username).toBe('ada');
  });

  it('refuses other signatures than that of the key', async () => {
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const forged = [
      jws(HEADER, claims(), byKey(testKey('idp-1', 'RS256').privateKey)),
      jws(HEADER, claims(), byKey(elliptic.privateKey)),
      jws(HEADER, claims(), unsigned),
      jws({ ...HEADER, alg: 'HS256' }, claims(), byHmac(pem)),
      jws({ ...HEADER, alg: 'HS256' }, claims(), byHmac(createSecretKey(Buffer.from(JSON.stringify(key.publicJwk))))),
    ];
    for (const token of forged) expect(await codeOf(token)).toBe('invalid_token');
  });
});

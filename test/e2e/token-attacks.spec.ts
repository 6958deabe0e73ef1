import { createSecretKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { sendRaw } from '../support/raw-http.js';
import { KEYS_PATH, ScriptedIssuer } from '../support/scripted-issuer.js';
import { byHmac, byKey, encoded, jws, keysFile, testKey, unsigned, type Sign } from '../support/token-builders.js';

const SECRET = 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ';
const JOB = '/api/v1/execution/jobs/j1';

type Claims = Record<string, unknown>;
/** Makes the token of an attack, or the request fields and path where the token is not all there is to it. */
type Attack = () => string | { readonly fields: readonly string[]; readonly path?: string };

const folder = mkdtempSync(join(tmpdir(), 'token-attacks-'));
const [rsa, curve, edwards] = [testKey('rsa', 'RS256'), testKey('ec', 'ES256'), testKey('ed', 'EdDSA')];
const foreign = testKey('rsa', 'RS256');
let issuer: ScriptedIssuer;
let evil: ScriptedIssuer;
let gateway: BootedGateway;
let tokens: { access_token: string; refresh_token: string };
let session: Claims;

beforeAll(async () => {
  [issuer, evil] = await Promise.all([new ScriptedIssuer().start(), new ScriptedIssuer().start()]);
  const files = { keys: join(folder, 'keys.json'), issuers: join(folder, 'issuers.json') };
  writeFileSync(files.keys, keysFile(rsa, curve, edwards));
  const trusted = {
    issuer: issuer.url,
    audience: 'genoflow-api',
    roles_claim: 'roles',
    roles: { scientist: 'analyst' },
  };
  writeFileSync(files.issuers, JSON.stringify([trusted]));
  gateway = await bootGateway({
    JWT_KEYS_FILE: files.keys,
    JWT_SECRET: SECRET,
    OIDC_ISSUERS_FILE: files.issuers,
    RATE_LIMIT_PER_MINUTE: '1000000',
    RATE_LIMIT_BURST: '1000000',
  });
  await eventually(() => (issuer.keyFetches === 1 ? true : undefined), 5_000);
  const response = await fetch(`${gateway.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'a-good-password' }),
  });
  tokens = (await response.json()) as typeof tokens;
  session = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([issuer.close(), evil.close()]);
  rmSync(folder, { recursive: true });
});

const HS = { alg: 'HS256', typ: 'at+jwt' };
const RS = { alg: 'RS256', typ: 'at+jwt', kid: 'rsa' };
const now = (): number => Math.floor(Date.now() / 1_000);
/** A token of a session that lives, signed as it should be but for what is changed. */
const own = (claims: Claims = {}, header: Claims = {}, sign: Sign = byKey(rsa.privateKey)): string =>
  jws({ ...RS, ...header }, { ...session, ...claims }, sign);
const byOurSecret = (claims: Claims = {}, header: Claims = {}): string =>
  jws({ ...HS, ...header }, { ...session, ...claims }, byHmac(SECRET));
const theirs = (claims: Claims = {}, header: Claims = {}): string => issuer.token(claims, issuer.signer, header);
const bearer = (token: string): string[] => ['Authorization', `Bearer ${token}`];

/** Status and code that the gateway answers, over a bare socket: no client library tidies the request up. */
async function answerTo(attack: ReturnType<Attack>): Promise<[number, string]> {
  const { fields, path = JOB } = typeof attack === 'string' ? { fields: bearer(attack) } : attack;
  const lines = [];
  for (let index = 0; index < fields.length; index += 2) lines.push(`${fields[index]}: ${fields[index + 1]}\r\n`);
  const text = `GET ${path} HTTP/1.1\r\nHost: gateway\r\n${lines.join('')}Connection: close\r\n\r\n`;
  const answer = await sendRaw(gateway.port, text, 5_000);
  return [Number(answer.slice(9, 12)), /"code":"([a-z_]+)"/.exec(answer)?.[1] ?? ''];
}

const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const theirPem = (): string => issuer.signer.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const jwkAsSecret = createSecretKey(Buffer.from(JSON.stringify(rsa.publicJwk)));

const ALGORITHMS: [string, Attack][] = [
  ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg): [string, Attack][] => [
    [`alg ${alg} without a signature`, () => own({}, { alg }, unsigned)],
    [`alg ${alg} with the signature cut off`, () => own({}, { alg }, unsigned).slice(0, -1)],
    [`alg ${alg} with a good signature`, () => own({}, { alg })],
    [`alg ${alg} in the issuer's name`, () => jws({ alg, kid: 'idp-1' }, issuer.claims(), unsigned)],
  ]),
  ['HMAC by our public key as PEM', () => own({}, { alg: 'HS256' }, byHmac(pem))],
  ['HMAC by our public key as PEM, no kid', () => jws(HS, session, byHmac(pem))],
  ['HMAC by our public JWK', () => own({}, { alg: 'HS256' }, byHmac(jwkAsSecret))],
  ['HMAC by the issuer’s public key', () => jws({ alg: 'HS256', kid: 'idp-1' }, issuer.claims(), byHmac(theirPem()))],
  ['HMAC by an empty secret', () => jws(HS, session, byHmac(''))],
  ['HS384 by our secret', () => jws({ ...HS, alg: 'HS384' }, session, byHmac(SECRET, 'sha384'))],
  ['HS512 by our secret', () => jws({ ...HS, alg: 'HS512' }, session, byHmac(SECRET, 'sha512'))],
  ['our secret under a kid', () => byOurSecret({}, { kid: 'rsa' })],
  ['another algorithm of our key', () => own({}, { alg: 'PS256' })],
  ['another algorithm than the key’s', () => own({}, { alg: 'ES256' })],
  ['an algorithm the issuer may not use', () => theirs({}, { alg: 'RS512' })],
  ['no alg', () => own({}, { alg: undefined })],
  ['an alg that is a list', () => own({}, { alg: ['RS256'] })],
  ['an ECDSA signature of zeros', () => own({}, { alg: 'ES256', kid: 'ec' }, () => Buffer.alloc(64))],
  ['an Ed25519 signature of zeros', () => own({}, { alg: 'EdDSA', kid: 'ed' }, () => Buffer.alloc(64))],
];

const HEADERS: [string, Attack][] = [
  ...[
    '../../../../dev/null',
    '/etc/passwd',
    "rsa' OR '1'='1",
    "x' UNION SELECT 'key' --",
    'https://evil.test/keys.json',
    'rsa\u0000',
    'rsa ',
    'RSA',
    '__proto__',
    'x'.repeat(2_000),
  ].flatMap((kid): [string, Attack][] => [
    [`kid ${kid.slice(0, 30)}`, () => own({}, { kid })],
    [`kid ${kid.slice(0, 30)} for the secret`, () => byOurSecret({}, { kid })],
    [`kid ${kid.slice(0, 30)} of the issuer`, () => theirs({}, { kid })],
  ]),
  ['a kid that is a number', () => own({}, { kid: 1 })],
  ['no kid', () => own({}, { kid: undefined })],
  ['no kid of the issuer', () => theirs({}, { kid: undefined })],
  ['a jwk that fits the signature', () => own({}, { jwk: foreign.publicJwk }, byKey(foreign.privateKey))],
  ['a jwk that fits, of the issuer', () => issuer.token({}, foreign, { jwk: foreign.publicJwk, kid: 'idp-1' })],
  ['a jwk and a good signature', () => own({}, { jwk: rsa.publicJwk })],
  ['a jku', () => own({}, { jku: `${evil.url}${KEYS_PATH}` }, byKey(evil.signer.privateKey))],
  ['a jku of the issuer', () => issuer.token({}, evil.signer, { jku: `${evil.url}${KEYS_PATH}` })],
  ['a jku and a good signature', () => theirs({}, { jku: `${issuer.url}${KEYS_PATH}` })],
  ['an x5u', () => own({}, { x5u: `${evil.url}/cert` })],
  ['an x5u of the issuer', () => theirs({}, { x5u: `${evil.url}/cert` })],
  ['an x5c of the issuer', () => theirs({}, { x5c: ['MIIB'] })],
  ['a crit', () => own({}, { crit: ['exp'], exp: 1 })],
  ['a crit of the issuer', () => theirs({}, { crit: ['b64'], b64: false })],
];

const CLAIMS: [string, Attack][] = [
  ...(
    [
      ['exp', undefined],
      ['exp', 'tomorrow'],
      ['exp', '9999999999'],
      ['exp', null],
      ['exp', {}],
      ['exp', 1e300],
      ['exp', 9_999_999_999.5],
      ['nbf', 4_000_000_000],
      ['nbf', 'now'],
      ['iss', 'https://evil.test'],
      ['iss', undefined],
      ['iss', ['genoflow']],
      ['aud', 'another-api'],
      ['aud', undefined],
      ['aud', ['another-api']],
      ['aud', ''],
      ['iat', 4_000_000_000],
      ['sub', undefined],
      ['sub', ''],
      ['sub', { id: 'usr_admin' }],
    ] as const
  ).flatMap(([name, value]): [string, Attack][] => [
    [`${name} ${JSON.stringify(value)}`, () => own({ [name]: value })],
    [`${name} ${JSON.stringify(value)} of the issuer`, () => theirs({ [name]: value })],
  ]),
  ['another user’s session', () => own({ sub: 'usr_viewer' })],
  ['a session that never was', () => own({ sid: 'ses_00000000000000000000000000000000' })],
  ['a token that ended 6 s ago', () => own({ iat: now() - 60, exp: now() - 6 })],
  ['a token that ended 6 s ago, of the issuer', () => theirs({ exp: now() - 6 })],
  ['a token that begins in 7 s, of the issuer', () => theirs({ nbf: now() + 7 })],
  ['a token that was made in 7 s', () => own({ iat: now() + 7 })],
  ['the issuer’s token in our name', () => issuer.token({ ...session }, issuer.signer, { typ: 'at+jwt' })],
  ['our token in the issuer’s name', () => own(issuer.claims())],
  ['a token of an issuer that is not listed', () => evil.token()],
  ['a token of an issuer that calls itself ours', () => evil.token({ iss: issuer.url })],
  ['the issuer’s name with a slash', () => theirs({ iss: `${issuer.url}/` })],
];

const TYPES: [string, Attack][] = [
  ['typ JWT', () => own({}, { typ: 'JWT' })],
  ['no typ', () => own({}, { typ: undefined })],
  ['typ refresh+jwt', () => own({}, { typ: 'refresh+jwt' })],
  ['typ logout+jwt of the issuer', () => theirs({}, { typ: 'logout+jwt' })],
  ['an ID token of the issuer', () => theirs({ at_hash: 'x', nonce: 'y' })],
  ['a refresh token of the issuer', () => theirs({ typ: 'Refresh' })],
  ['a token of the issuer bound to a key', () => theirs({ cnf: { jkt: 'x' } })],
  ['a refresh token as access token', () => tokens.refresh_token],
  [
    'the identity that backends get',
    () => jws({ alg: 'HS256', typ: 'JWT' }, { iss: 'genoflow-gateway', aud: 'genoflow-backends' }, byHmac(SECRET)),
  ],
  ['an API key that was never made', () => `gfk_${'0'.repeat(96)}00000000`],
  ['an API key’s prefix before a token', () => `gfk_${tokens.access_token}`],
];

const PLACES: [string, Attack][] = [
  ['no token', () => ({ fields: [] })],
  ['an empty token', () => ({ fields: ['Authorization', 'Bearer '] })],
  ['the token in the query', () => ({ fields: [], path: `${JOB}?access_token=${tokens.access_token}` })],
  ['the token in a cookie', () => ({ fields: ['Cookie', `access_token=${tokens.access_token}`] })],
  ['the token in a field of its own', () => ({ fields: ['X-Access-Token', tokens.access_token] })],
  ['the token as Basic', () => ({ fields: ['Authorization', `Basic ${encoded(`x:${tokens.access_token}`)}`] })],
  ['a good token twice', () => ({ fields: [...bearer(tokens.access_token), ...bearer(tokens.access_token)] })],
  ['a good and a bad token', () => ({ fields: [...bearer(tokens.access_token), ...bearer('x')] })],
  ['a bad and a good token', () => ({ fields: [...bearer('x'), ...bearer(tokens.access_token)] })],
  ['two tokens in one field', () => ({ fields: bearer(`${tokens.access_token}, Bearer ${tokens.access_token}`) })],
  ['two tokens with a space', () => `${tokens.access_token} ${tokens.access_token}`],
  ['a token and an API key', () => ({ fields: [...bearer(tokens.access_token), ...bearer(`gfk_${'0'.repeat(104)}`)] })],
];

const FORMS: [string, Attack][] = [
  ['a changed payload', () => tokens.access_token.replace(/\.[^.]+\./, `.${encoded({ ...session, sub: 'usr_x' })}.`)],
  ['a changed signature', () => `${tokens.access_token.slice(0, -4)}AAAA`],
  ['another key of the same kid', () => own({}, {}, byKey(foreign.privateKey))],
  ['two parts', () => tokens.access_token.split('.').slice(0, 2).join('.')],
  ['four parts', () => `${tokens.access_token}.x`],
  ['five parts, as an encrypted one', () => `${tokens.access_token}.x.y`],
  ['no JSON', () => jws('x', 'y', byKey(rsa.privateKey))],
  ['a list for a payload', () => jws(RS, [session], byKey(rsa.privateKey))],
  ['null for a payload', () => jws(RS, null, byKey(rsa.privateKey))],
  ['a member more', () => own({ admin: true })],
  ['padding', () => `${tokens.access_token}==`],
  ['other base64 characters', () => tokens.access_token.replace('.', '+.')],
  ['over 8 KiB', () => own({ name: 'x'.repeat(8_300) })],
  ['over 8 KiB of the issuer', () => theirs({ groups: 'x'.repeat(8_300) })],
  ['8 KiB of dots', () => '.'.repeat(8_000)],
  ['8 KiB of nested lists', () => jws(RS, '['.repeat(5_500), byKey(rsa.privateKey))],
];

describe('a token', () => {
  it('is taken where there is nothing wrong with it: what the attacks below are made of', async () => {
    const good = [
      tokens.access_token,
      own(),
      byOurSecret(),
      own({}, { alg: 'EdDSA', kid: 'ed' }, byKey(edwards.privateKey)),
      theirs(),
    ];
    for (const token of good) expect(await answerTo(token)).toEqual([200, '']);
    expect(await answerTo(own({ iat: now() - 60, exp: now() - 2 }))).toEqual([200, '']);
    expect(await answerTo(theirs({ nbf: now() + 4 }))).toEqual([200, '']);
  });

  describe.each([
    ['plays on algorithms', ALGORITHMS],
    ['plays on its header', HEADERS],
    ['plays on its claims', CLAIMS],
    ['is of another kind', TYPES],
    ['is not where it belongs', PLACES],
    ['is not what it should be', FORMS],
  ])('that %s', (_, attacks) => {
    it.each(attacks)('is a 401 and no backend hears of it: %s', async (_name, attack) => {
      gateway.backends.seen.splice(0);
      const [status, code] = await answerTo(attack());
      expect(status).toBe(401);
      expect(['unauthenticated', 'invalid_token', 'expired_token', 'session_ended']).toContain(code);
      expect(gateway.backends.seen).toEqual([]);
      expect(evil.seen).toEqual([]);
    });
  });

  it('for access is a 401 as a refresh token, and its session lives on', async () => {
    gateway.backends.seen.splice(0);
    const response = await fetch(`${gateway.url}/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: tokens.access_token }),
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, 'invalid_token']);
    expect(gateway.backends.seen).toEqual([]);
    expect(await answerTo(tokens.access_token)).toEqual([200, '']);
  });

  it('of 100 KB is refused for less than half a second of CPU', async () => {
    gateway.backends.seen.splice(0);
    const before = process.cpuUsage();
    const [status, code] = await answerTo(own({ name: 'x'.repeat(75_000) }));
    const { user, system } = process.cpuUsage(before);
    expect([status, code]).toEqual([431, 'headers_too_large']);
    expect((user + system) / 1_000).toBeLessThan(500);
    expect(gateway.backends.seen).toEqual([]);
  });

  it('that is attacked with by the hundred leaves the issuer in peace', () => {
    // One reading at the start; one more for unknown kids in each cooldown of 10 s that the attacks above took.
    expect(issuer.keyFetches).toBeLessThanOrEqual(1 + Math.ceil(performance.now() / 10_000));
    expect(issuer.keyFetches).toBeGreaterThanOrEqual(1);
  });
});

import { createHmac, createSecretKey, generateKeyPairSync, sign } from 'node:crypto';
import { buildVerifier, TEST_KEYS, TEST_SECRET } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Principal } from '../../kernel/principal.js';
import { AccessTokenIssuer } from './access-token-issuer.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { TokenKeys } from './token-keys.js';
import { TokenVerifier } from './token-verifier.js';
import type { TokenCheck } from './verified-token.js';

const PRINCIPAL: Principal = {
  userId: 'usr_1',
  username: 'ada',
  sessionId: 'ses_1',
  roles: ['analyst'],
  projects: ['*'],
};
const TTL_SECONDS = 900;

const clock = new ManualClock();
const strategy = new AccessTokenStrategy(TEST_KEYS, clock);
const issuer = new AccessTokenIssuer(TEST_KEYS, TTL_SECONDS, clock);

const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const HEADER = { alg: 'HS256', typ: 'at+jwt' };
const now = (): number => Math.floor(clock.now() / 1000);
const claims = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: 'usr_1',
  sid: 'ses_1',
  roles: ['admin'],
  name: 'ada',
  iss: TEST_KEYS.issuer,
  aud: TEST_KEYS.audience,
  jti: 'j',
  iat: now(),
  exp: now() + TTL_SECONDS,
  ...changes,
});

/** A token with our own key over any header and claims: what is wrong with it is not the signature. */
function signed(header: unknown, payload: unknown, algorithm = 'sha256'): string {
  const content = `${encode(header)}.${encode(payload)}`;
  return `${content}.${createHmac(algorithm, TEST_SECRET).update(content).digest('base64url')}`;
}

async function codeOf(token: string, verifier = buildVerifier(clock, strategy)): Promise<string> {
  try {
    await verifier.verify(token);
    return 'taken';
  } catch (error) {
    return (error as GatewayError).code;
  }
}

describe('TokenVerifier', () => {
  it('takes what the issuer signed, and what the attacks below are made of', async () => {
    expect(await codeOf(await issuer.issue(PRINCIPAL))).toBe('taken');
    expect(await codeOf(signed(HEADER, claims()))).toBe('taken');
  });

  it('tells whose token it is and until when', async () => {
    const verifier = buildVerifier(clock, strategy);
    expect(await verifier.verify(await issuer.issue(PRINCIPAL))).toEqual({
      kind: 'session',
      userId: 'usr_1',
      sessionId: 'ses_1',
      expiresAt: (now() + TTL_SECONDS + 5) * 1000,
    });
  });

  it('has each issuer’s tokens checked by its own check, and nobody else’s by any', async () => {
    const asked: string[] = [];
    const answering = (issuer: string): [string, TokenCheck] => [
      issuer,
      { check: (token) => (asked.push(issuer), strategy.check(token)) },
    ];
    const checks = new Map([answering(TEST_KEYS.issuer), answering('https://id.example')]);
    const verifier = new TokenVerifier(checks, clock);
    const codes = [];
    for (const iss of [TEST_KEYS.issuer, 'https://id.example', 'https://id.example/', '__proto__', '', 7, ['genoflow']])
      codes.push(await codeOf(signed(HEADER, claims({ iss })), verifier));
    expect(codes).toEqual(['taken', ...Array<string>(6).fill('invalid_token')]);
    expect(asked).toEqual([TEST_KEYS.issuer, 'https://id.example']);
  });

  it('checks a signature once, and answers without a promise from then on', async () => {
    let checks = 0;
    const counting = { check: (token: string) => ((checks += 1), strategy.check(token)) };
    const verifier = buildVerifier(clock, counting);
    const token = await issuer.issue(PRINCIPAL);
    const first = await verifier.verify(token);
    expect(verifier.verify(token)).toBe(first);
    expect(checks).toBe(1);
  });

  it('remembers no token that was refused', async () => {
    const verifier = buildVerifier(clock, strategy);
    const bad = `${await issuer.issue(PRINCIPAL)}x`;
    expect(await codeOf(bad, verifier)).toBe('invalid_token');
    expect(await codeOf(bad, verifier)).toBe('invalid_token');
  });

  it('takes a token until 5 s after its end, cached or not', async () => {
    const at = new ManualClock();
    const own = new AccessTokenStrategy(TEST_KEYS, at);
    const cached = buildVerifier(at, own);
    const token = await new AccessTokenIssuer(TEST_KEYS, TTL_SECONDS, at).issue(PRINCIPAL);
    await cached.verify(token);
    at.advance(TTL_SECONDS * 1000 + 4_999);
    expect(await codeOf(token, cached)).toBe('taken');
    expect(await codeOf(token, buildVerifier(at, own))).toBe('taken');
    at.advance(1);
    expect(await codeOf(token, cached)).toBe('expired_token');
    expect(await codeOf(token, cached)).toBe('expired_token');
    expect(await codeOf(token, buildVerifier(at, own))).toBe('expired_token');
  });

  it.each(['none', 'None', 'NONE', 'nOnE'])('refuses alg %s, signed or not', async (alg) => {
    const content = `${encode({ ...HEADER, alg })}.${encode(claims())}`;
    expect(await codeOf(`${content}.`)).toBe('invalid_token');
    expect(await codeOf(signed({ ...HEADER, alg }, claims()))).toBe('invalid_token');
  });

  it.each([
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ])('refuses %s with the right key', async (alg, algorithm) => {
    expect(await codeOf(signed({ ...HEADER, alg }, claims(), algorithm))).toBe('invalid_token');
  });

  it('refuses asymmetric signatures, whatever key comes along in the header', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const alg of ['RS256', 'HS256']) {
      const header = { alg, typ: 'at+jwt', jwk: publicKey.export({ format: 'jwk' }) };
      const content = `${encode(header)}.${encode(claims())}`;
      const token = `${content}.${sign('sha256', Buffer.from(content), privateKey).toString('base64url')}`;
      expect(await codeOf(token)).toBe('invalid_token');
    }
  });

  it.each([
    ['jku', 'https://evil.test/keys'],
    ['x5u', 'https://evil.test/cert'],
    ['jwk', { kty: 'oct', k: 'AA' }],
    ['kid', '../../dev/null'],
    ['kid', "' OR 1=1 --"],
    ['kid', 'https://evil.test'],
    ['crit', ['exp']],
    ['typ', 'JWT'],
    ['typ', undefined],
    ['typ', 'refresh+jwt'],
  ])('refuses a header with %s %j', async (name, value) => {
    expect(await codeOf(signed({ ...HEADER, [name]: value }, claims()))).toBe('invalid_token');
  });

  it.each([
    ['iss', 'other'],
    ['iss', undefined],
    ['aud', 'genoflow-backends'],
    ['aud', undefined],
    ['aud', ['genoflow-api', 'other']],
    ['sub', undefined],
    ['sub', ''],
    ['sub', 'a}/x{b'],
    ['sub', 'line\r\nbreak'],
    ['sid', undefined],
    ['jti', undefined],
    ['roles', 'admin'],
    ['roles', [{ admin: true }]],
    ['exp', undefined],
    ['exp', '9999999999'],
    ['exp', 1e300],
    ['exp', 9_999_999_999.5],
    ['iat', undefined],
    ['iat', 'now'],
    ['iat', 4_000_000_000],
    ['nbf', 4_000_000_000],
    ['scope', 'everything'],
  ])('refuses claims with %s %j', async (name, value) => {
    expect(await codeOf(signed(HEADER, claims({ [name]: value })))).toBe('invalid_token');
  });

  it('says of a token that ended long ago that it has', async () => {
    expect(await codeOf(signed(HEADER, claims({ iat: 0, exp: 1 })))).toBe('expired_token');
    expect(await codeOf(signed(HEADER, claims({ exp: -1 })))).toBe('expired_token');
  });

  it('refuses a token of another key, of an empty key, and a changed one', async () => {
    const foreign = new TokenKeys({
      jwtSecret: 'another key, also 32 characters long',
      issuer: 'genoflow',
      audience: 'genoflow-api',
    });
    expect(await codeOf(await new AccessTokenIssuer(foreign, TTL_SECONDS, clock).issue(PRINCIPAL))).toBe(
      'invalid_token',
    );
    const content = `${encode(HEADER)}.${encode(claims())}`;
    const empty = createHmac('sha256', createSecretKey(Buffer.from('\0')))
      .update(content)
      .digest('base64url');
    expect(await codeOf(`${content}.${empty}`)).toBe('invalid_token');
    const [header, , signature] = (await issuer.issue(PRINCIPAL)).split('.');
    expect(await codeOf(`${header}.${encode(claims())}.${signature}`)).toBe('invalid_token');
  });

  it.each(['', '.', '..', 'a.b', 'a.b.c.d', 'a b.c.d', '=.=.=', 'e30.e30.e30', 'null', '\u0000.\u0000.\u0000'])(
    'refuses %j',
    async (token) => {
      expect(await codeOf(token)).toBe('invalid_token');
    },
  );

  it('refuses a token of over 8 KiB before it is parsed', async () => {
    let checks = 0;
    const counting = { check: (token: string) => ((checks += 1), strategy.check(token)) };
    const big = signed(HEADER, claims({ name: 'x'.repeat(8_200) }));
    expect(await codeOf(big, buildVerifier(clock, counting))).toBe('invalid_token');
    expect(checks).toBe(0);
  });

  it('tells the client nothing of why, but that the token is refused', async () => {
    const error = await strategy.check('a.b.c').catch((thrown: GatewayError) => thrown);
    expect(error).toMatchObject({
      status: 401,
      reason: 'The token is not valid.',
      fields: ['WWW-Authenticate', 'Bearer realm="genoflow", error="invalid_token"'],
    });
  });
});

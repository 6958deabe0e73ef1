import passport from 'passport';
import { buildVerifier } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { byHmac, byKey, jws, testKey, unsigned, type TestKey } from '../../../test/support/token-builders.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Principal } from '../../kernel/principal.js';
import { AccessTokenIssuer } from './access-token-issuer.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { TokenKeys } from './token-keys.js';
import type { TokenVerifier } from './token-verifier.js';

const SECRET = 'an old secret of 32 characters or more';
const PRINCIPAL: Principal = {
  userId: 'usr_1',
  username: 'ada',
  sessionId: 'ses_1',
  roles: ['analyst'],
  projects: ['*'],
};
const clock = new ManualClock();
const KEYS = [testKey('rsa', 'RS256'), testKey('ec', 'ES256'), testKey('ed', 'EdDSA')] as const;
const [rsa, ec, ed] = KEYS;

const named = (jwtSecret?: string) => ({ jwtSecret, issuer: 'genoflow', audience: 'genoflow-api' });
const keysOf = (...keys: readonly TestKey[]): TokenKeys => new TokenKeys(named(), keys);
const verifierOf = (keys: TokenKeys): TokenVerifier => buildVerifier(clock, new AccessTokenStrategy(keys, clock));
const issue = (keys: TokenKeys): Promise<string> => new AccessTokenIssuer(keys, 900, clock).issue(PRINCIPAL);
const headerOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as unknown;
const payload = (): Record<string, unknown> => {
  const iat = Math.floor(clock.now() / 1000);
  const claims = { sub: 'usr_1', sid: 'ses_1', roles: [], name: 'ada', iss: 'genoflow', aud: 'genoflow-api' };
  return { ...claims, jti: 'j', iat, exp: iat + 900 };
};

async function outcome(verifier: TokenVerifier, token: string): Promise<string> {
  try {
    return (await verifier.verify(token)).kind;
  } catch (error) {
    return (error as GatewayError).code;
  }
}

describe('TokenKeys', () => {
  it.each(KEYS.map((key) => [key.algorithm, key] as const))('signs and verifies by %s', async (algorithm, key) => {
    const keys = keysOf(key);
    const token = await issue(keys);
    expect(headerOf(token)).toEqual({ alg: algorithm, typ: 'at+jwt', kid: key.kid });
    expect(await outcome(verifierOf(keys), token)).toBe('session');
    const [header, , signature] = token.split('.');
    const changed = `${header}.${Buffer.from(JSON.stringify({ ...payload(), sub: 'usr_2' })).toString('base64url')}`;
    expect(await outcome(verifierOf(keys), `${changed}.${signature}`)).toBe('invalid_token');
  });

  it('signs with the first key and verifies by all; a key that is taken away ends its tokens, known ones too', async () => {
    const keys = keysOf(ec);
    const verifier = verifierOf(keys);
    keys.onReplaced(() => {
      verifier.forget();
    });
    const old = await issue(keys);
    expect(await outcome(verifier, old)).toBe('session');
    keys.replace([ed, ec]);
    const next = await issue(keys);
    expect(headerOf(next)).toMatchObject({ alg: 'EdDSA', kid: 'ed' });
    expect([await outcome(verifier, old), await outcome(verifier, next)]).toEqual(['session', 'session']);
    keys.replace([ed]);
    expect([await outcome(verifier, old), await outcome(verifier, next)]).toEqual(['invalid_token', 'session']);
  });

  it('remembers no token whose key was taken away while it was being checked', async () => {
    const keys = keysOf(ec);
    const verifier = verifierOf(keys);
    keys.onReplaced(() => {
      verifier.forget();
    });
    const token = await issue(keys);
    const underWay = verifier.verify(token);
    keys.replace([ed]);
    await underWay;
    expect(await outcome(verifier, token)).toBe('invalid_token');
  });

  it('takes tokens by the secret beside keys only where there is a secret', async () => {
    const old = await issue(new TokenKeys(named(SECRET)));
    expect(headerOf(old)).toEqual({ alg: 'HS256', typ: 'at+jwt' });
    expect(await outcome(verifierOf(new TokenKeys(named(SECRET), [ed])), old)).toBe('session');
    expect(await outcome(verifierOf(keysOf(ed)), old)).toBe('invalid_token');
  });

  it('gives a key out for its own algorithm only, whatever would come of another', () => {
    const keys = new TokenKeys(named(SECRET), KEYS);
    for (const { kid, algorithm, publicKey } of KEYS)
      for (const asked of ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA', 'none'])
        expect([kid, asked, keys.find(asked, kid)?.equals(publicKey)]).toEqual([
          kid,
          asked,
          asked === algorithm ? true : undefined,
        ]);
    for (const asked of ['RS256', 'ES256', 'EdDSA', 'none', 'HS512'])
      expect([asked, keys.find(asked, undefined)]).toEqual([asked, undefined]);
  });

  it('publishes the public parts, and of a secret nothing', () => {
    expect(keysOf(...KEYS).published).toEqual(KEYS.map(({ publicJwk }) => publicJwk));
    expect(JSON.stringify(keysOf(...KEYS).published)).not.toMatch(/"(d|p|q|dp|dq|qi|k)"/);
    expect(new TokenKeys(named(SECRET)).published).toEqual([]);
  });

  it('cannot be made of nothing', () => {
    expect(() => new TokenKeys(named())).toThrow('neither');
  });

  it('can be asked through passport too', async () => {
    const keys = keysOf(ed);
    new AccessTokenStrategy(keys, clock);
    const ask = (token: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const settle = (error: unknown, user: unknown): void => {
          if (error instanceof Error) reject(error);
          else resolve(user);
        };
        const middleware = passport.authenticate('access-token', settle) as (...args: unknown[]) => void;
        middleware({ token }, {}, reject);
      });
    await expect(ask(await issue(keys))).resolves.toMatchObject({ userId: 'usr_1' });
    await expect(ask('a.b.c')).rejects.toMatchObject({ code: 'invalid_token' });
  });
});

describe('a token that plays on its keys', () => {
  const verifier = verifierOf(new TokenKeys(named(SECRET), KEYS));
  const typ = 'at+jwt';
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
  const jwkText = JSON.stringify(rsa.publicJwk);

  it('would be taken if it did not', async () => {
    expect(await outcome(verifier, jws({ alg: 'RS256', typ, kid: 'rsa' }, payload(), byKey(rsa.privateKey)))).toBe(
      'session',
    );
    expect(await outcome(verifier, jws({ alg: 'HS256', typ }, payload(), byHmac(SECRET)))).toBe('session');
  });

  it.each([
    ['HMAC by the public key as PEM', jws({ alg: 'HS256', typ, kid: 'rsa' }, payload(), byHmac(pem))],
    ['HMAC by the public key as DER', jws({ alg: 'HS256', typ, kid: 'rsa' }, payload(), byHmac(der))],
    ['HMAC by the public JWK', jws({ alg: 'HS256', typ, kid: 'rsa' }, payload(), byHmac(jwkText))],
    ['HMAC by the public key, no kid', jws({ alg: 'HS256', typ }, payload(), byHmac(pem))],
    ['HMAC by the kid', jws({ alg: 'HS256', typ, kid: 'rsa' }, payload(), byHmac('rsa'))],
    ['the secret under a kid', jws({ alg: 'HS256', typ, kid: 'rsa' }, payload(), byHmac(SECRET))],
    [
      'an RSA signature that calls itself ES256',
      jws({ alg: 'ES256', typ, kid: 'rsa' }, payload(), byKey(rsa.privateKey)),
    ],
    [
      'an RSA signature that calls itself PS256',
      jws({ alg: 'PS256', typ, kid: 'rsa' }, payload(), byKey(rsa.privateKey)),
    ],
    ['the key of another kid', jws({ alg: 'ES256', typ, kid: 'rsa' }, payload(), byKey(ec.privateKey))],
    ['a key but no kid', jws({ alg: 'RS256', typ }, payload(), byKey(rsa.privateKey))],
    ['an empty kid', jws({ alg: 'RS256', typ, kid: '' }, payload(), byKey(rsa.privateKey))],
    ['a kid that is a list', jws({ alg: 'RS256', typ, kid: ['rsa'] }, payload(), byKey(rsa.privateKey))],
    [
      'a kid that is a member of every object',
      jws({ alg: 'EdDSA', typ, kid: '__proto__' }, payload(), byKey(ed.privateKey)),
    ],
    ['a signature of zeros', jws({ alg: 'ES256', typ, kid: 'ec' }, payload(), () => Buffer.alloc(64))],
    ['a DER signature', jws({ alg: 'ES256', typ, kid: 'ec' }, payload(), () => Buffer.from('3006020101020101', 'hex'))],
    ['no signature', jws({ alg: 'EdDSA', typ, kid: 'ed' }, payload(), unsigned)],
  ])('is refused: %s', async (_, token) => {
    expect(await outcome(verifier, token)).toBe('invalid_token');
  });
});

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { keysFile, testKey, type TestKey } from '../support/token-builders.js';

const SECRET = 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ';

describe('keys of our own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signing-keys-'));
  const file = join(folder, 'keys.json');
  let gateway: BootedGateway;

  /** As a mounted Secret changes: another file takes the place at once. */
  const replace = (...keys: readonly TestKey[]): void => {
    writeFileSync(`${file}.next`, keysFile(...keys));
    renameSync(`${file}.next`, file);
  };
  const jwks = async (): Promise<{ keys: { kid: string }[] }> => {
    const response = await fetch(`${gateway.url}/.well-known/jwks.json`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    return (await response.json()) as { keys: { kid: string }[] };
  };
  const published = async (): Promise<string[]> => (await jwks()).keys.map(({ kid }) => kid);
  const status = async (headers: Record<string, string>): Promise<number> => {
    const response = await fetch(`${gateway.url}/auth/me`, { headers });
    await response.arrayBuffer();
    return response.status;
  };
  const kidOf = ({ authorization }: { authorization: string }): unknown =>
    (JSON.parse(Buffer.from(authorization.slice(7).split('.')[0] ?? '', 'base64url').toString()) as { kid?: unknown })
      .kid;

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  describe('in a file', () => {
    const [rsa, ec, ed] = [testKey('2026-rsa', 'RS256'), testKey('2026-ec', 'ES256'), testKey('2026-ed', 'EdDSA')];

    beforeAll(async () => {
      replace(rsa);
      gateway = await bootGateway({ JWT_KEYS_FILE: file });
    });
    afterAll(() => gateway.close());

    it('sign tokens that anybody can verify by the published key set, which shows no private part', async () => {
      const { authorization } = await gateway.login();
      const keySet = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`));
      const { protectedHeader, payload } = await jwtVerify(authorization.slice(7), keySet, {
        issuer: 'genoflow',
        audience: 'genoflow-api',
      });
      expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: '2026-rsa' });
      expect(payload.sub).toBe('usr_admin');
      expect(await jwks()).toEqual({ keys: [rsa.publicJwk] });
    });

    it('rotate without a restart and without a refused token, and one taken away ends its tokens', async () => {
      const old = await gateway.login();
      replace(rsa, ec);
      await eventually(async () => ((await published()).length === 2 ? true : undefined), 20_000);
      expect(kidOf(await gateway.login())).toBe('2026-rsa');
      replace(ec, rsa);
      await eventually(async () => ((await published())[0] === '2026-ec' ? true : undefined), 20_000);
      const next = await gateway.login();
      expect(kidOf(next)).toBe('2026-ec');
      expect([await status(old), await status(next)]).toEqual([200, 200]);
      replace(ed, ec);
      await eventually(async () => ((await published()).includes('2026-ed') ? true : undefined), 20_000);
      expect([await status(old), await status(next)]).toEqual([401, 200]);
      const newest = await gateway.login();
      expect([kidOf(newest), await status(newest)]).toEqual(['2026-ed', 200]);
    }, 90_000);
  });

  it('are an empty set where a secret signs', async () => {
    gateway = await bootGateway();
    try {
      expect(await jwks()).toEqual({ keys: [] });
      expect(kidOf(await gateway.login())).toBeUndefined();
    } finally {
      await gateway.close();
    }
  });

  it('take over from a secret: its tokens are good for as long as it is set', async () => {
    gateway = await bootGateway({ JWT_SECRET: SECRET });
    const token = (await gateway.login()).authorization.slice(7);
    await gateway.close();
    replace(testKey('k1'));
    const answers = [];
    for (const secret of [{ JWT_SECRET: SECRET }, {}]) {
      gateway = await bootGateway({ JWT_KEYS_FILE: file, ...secret });
      const response = await fetch(`${gateway.url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
      answers.push(((await response.json()) as { code: string }).code);
      await gateway.close();
    }
    // The session was the first gateway's, so the token is good and its session is gone.
    expect(answers).toEqual(['session_ended', 'invalid_token']);
  });
});

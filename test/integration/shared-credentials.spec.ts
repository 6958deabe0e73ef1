import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';

const PATH = '/api/v1/monitoring/metrics';
const WHAT = 'API keys and tokens of external issuers over one Redis';

(hasRedisServer(WHAT) ? describe : describe.skip)(WHAT, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shared-credentials-'));
  let redis: PrivateRedis;
  let issuer: ScriptedIssuer;
  let first: BootedGateway;
  let second: BootedGateway;

  beforeAll(async () => {
    [redis, issuer] = await Promise.all([startPrivateRedis(), new ScriptedIssuer().start()]);
    const file = join(folder, 'issuers.json');
    const trusted = {
      issuer: issuer.url,
      audience: 'genoflow-api',
      roles_claim: 'roles',
      roles: { scientist: 'analyst' },
    };
    writeFileSync(file, JSON.stringify([trusted]));
    const environment = {
      REDIS_URL: redis.url,
      JWT_SECRET: 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ',
      OIDC_ISSUERS_FILE: file,
    };
    [first, second] = [await bootGateway(environment), await bootGateway(environment)];
  });
  afterAll(async () => {
    await Promise.all([first.close(), second.close()]);
    await Promise.all([redis.close(), issuer.close()]);
    rmSync(folder, { recursive: true });
  });

  const ask = async (gateway: BootedGateway, authorization: string, path = PATH, method = 'GET'): Promise<number> => {
    const response = await fetch(`${gateway.url}${path}`, { method, headers: { authorization } });
    await response.arrayBuffer();
    return response.status;
  };
  const refused = (gateway: BootedGateway, authorization: string): Promise<true> =>
    eventually(async () => ((await ask(gateway, authorization)) === 401 ? true : undefined), 2_000);
  const makeKey = async (): Promise<{ api_key: string; key_id: string }> => {
    const { authorization } = await first.login();
    const response = await fetch(`${first.url}/auth/api-keys`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'sequencer-7', scopes: ['monitoring:read'] }),
    });
    return (await response.json()) as { api_key: string; key_id: string };
  };

  it('a key made by one is taken by the other, and refused by both once one has revoked it', async () => {
    const { api_key: key, key_id: id } = await makeKey();
    const bearer = `Bearer ${key}`;
    expect([await ask(first, bearer), await ask(second, bearer)]).toEqual([200, 200]);
    const admin = (await second.login()).authorization;
    expect(await ask(second, admin, `/auth/api-keys/${id}`, 'DELETE')).toBe(204);
    expect(await ask(second, bearer)).toBe(401);
    await refused(first, bearer);
  });

  it('a token that its holder gave back to one is refused by both', async () => {
    const bearer = `Bearer ${issuer.token()}`;
    expect([await ask(first, bearer), await ask(second, bearer)]).toEqual([200, 200]);
    expect(await ask(first, bearer, '/auth/logout', 'POST')).toBe(204);
    expect(await ask(first, bearer)).toBe(401);
    await refused(second, bearer);
  });

  it('neither is taken on trust while Redis is away, and a key is there again when it is', async () => {
    const bearer = `Bearer ${(await makeKey()).api_key}`;
    const token = `Bearer ${issuer.token()}`;
    expect([await ask(first, bearer), await ask(first, token)]).toEqual([200, 200]);
    redis.freeze();
    const away = (authorization: string): Promise<true> =>
      eventually(async () => ((await ask(first, authorization)) === 503 ? true : undefined), 10_000);
    await Promise.all([away(bearer), away(token)]);
    redis.thaw();
    const back = (authorization: string): Promise<true> =>
      eventually(async () => ((await ask(first, authorization)) === 200 ? true : undefined), 15_000);
    await Promise.all([back(bearer), back(token)]);
  }, 60_000);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { clockOf } from '../support/clock-jump.js';
import { DISCOVERY_PATH, KEYS_PATH, ScriptedIssuer } from '../support/scripted-issuer.js';
import { byKey, jws, testKey } from '../support/token-builders.js';

const COOLDOWN_MS = 10_000;
const REFRESH_MS = 300_000;
const DAY_MS = 86_400_000;
const JOB = '/api/v1/execution/jobs/j1';

describe('tokens of an external issuer', () => {
  let issuer: ScriptedIssuer;
  let gateway: BootedGateway;
  let clock: ReturnType<typeof clockOf>;
  const folder = mkdtempSync(join(tmpdir(), 'issuers-'));

  beforeEach(async () => {
    issuer = await new ScriptedIssuer().start();
    const file = join(folder, 'issuers.json');
    const entry = {
      issuer: issuer.url,
      audience: 'genoflow-api',
      roles_claim: 'roles',
      roles: { scientist: 'analyst', guest: 'clinician' },
      username_claim: 'email',
    };
    writeFileSync(file, JSON.stringify([entry]));
    const limits = { RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST: '1000000' };
    gateway = await bootGateway({ OIDC_ISSUERS_FILE: file, ...limits });
    clock = clockOf(gateway.app);
    await eventually(() => (issuer.keyFetches === 1 ? true : undefined), 5_000);
  });
  afterEach(async () => {
    await gateway.close();
    await issuer.close();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const ask = (token: string, path = JOB, method = 'GET'): Promise<Response> =>
    fetch(`${gateway.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const status = async (token: string, path = JOB): Promise<number> => {
    const response = await ask(token, path);
    await response.arrayBuffer();
    return response.status;
  };
  const codeOf = async (response: Response): Promise<[number, string]> => [
    response.status,
    ((await response.json()) as { code: string }).code,
  ];

  it('are taken for what their roles mean here, and tell the backend who it is', async () => {
    const token = issuer.token({ roles: ['guest', 'unknown'], email: 'ada@lab.example' });
    expect(await status(token, '/api/v1/results/j1')).toBe(200);
    expect(await codeOf(await ask(token))).toEqual([403, 'forbidden']);
    const me = (await (await ask(token, '/auth/me')).json()) as Record<string, unknown>;
    expect(me).toEqual({
      id: expect.stringMatching(/^ext_[0-9a-f]{40}$/),
      username: 'ada@lab.example',
      display_name: 'ada@lab.example',
      roles: ['clinician'],
      projects: ['*'],
      permissions: ['qc:read', 'results:download', 'results:read'],
    });
    expect(gateway.backends.calls[0]?.headers).toMatchObject({ 'x-user-id': me['id'], 'x-user-roles': 'clinician' });
    expect(await (await ask(token, '/auth/sessions')).json()).toEqual({ items: [] });
  });

  it('are checked once, and their keys are fetched by nobody’s request', async () => {
    const token = issuer.token();
    for (let call = 0; call < 20; call += 1) expect(await status(token)).toBe(200);
    for (let call = 0; call < 20; call += 1) expect(await status(issuer.token({ jti: call }))).toBe(200);
    expect(issuer.seen).toEqual([DISCOVERY_PATH, KEYS_PATH]);
  });

  it('are taken from the first on that a new key signs, by one fetch for all that come at once', async () => {
    clock.jump(COOLDOWN_MS);
    issuer.published = [...issuer.published, testKey('idp-2', 'ES256')];
    const statuses = await Promise.all(Array.from({ length: 40 }, (_, at) => status(issuer.token({ jti: at }))));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(issuer.keyFetches).toBe(2);
  });

  it('with made-up kids do not have the issuer asked more than once in 10 s, and nobody else suffers', async () => {
    clock.jump(COOLDOWN_MS);
    const good = issuer.token();
    const attack = (kid: string): string => issuer.token({}, testKey(kid, 'EdDSA'));
    const statuses = await Promise.all(
      Array.from({ length: 100 }, (_, at) => (at % 10 === 0 ? status(good) : status(attack(`made-up-${at}`)))),
    );
    expect(statuses.filter((one) => one === 200)).toHaveLength(10);
    expect(statuses.filter((one) => one === 401)).toHaveLength(90);
    expect(issuer.keyFetches).toBe(2);
    clock.jump(COOLDOWN_MS - 1_000);
    expect(await status(attack('made-up-again'))).toBe(401);
    expect(issuer.keyFetches).toBe(2);
    clock.jump(1_001);
    expect(await status(attack('made-up-again'))).toBe(401);
    expect(issuer.keyFetches).toBe(3);
  });

  it('stop within the refresh time when their key is removed, known ones too', async () => {
    const token = issuer.token({ exp: Math.floor(Date.now() / 1_000) + 3_600 });
    expect(await status(token)).toBe(200);
    issuer.published = [testKey('idp-2', 'RS256')];
    clock.jump(REFRESH_MS);
    await eventually(async () => ((await status(token)) === 401 ? true : undefined), 10_000);
    expect(await status(issuer.token())).toBe(200);
  });

  it('are taken through an outage of the issuer, for a day', async () => {
    const claims = { exp: Math.floor(Date.now() / 1_000) + 10 * 86_400 };
    const known = issuer.token(claims);
    expect(await status(known)).toBe(200);
    issuer.isDown = true;
    clock.jump(REFRESH_MS * 2);
    expect(await status(issuer.token({ ...claims, jti: 'new' }))).toBe(200);
    clock.jump(DAY_MS - REFRESH_MS * 2 - 60_000);
    expect(await status(issuer.token({ ...claims, jti: 'newer' }))).toBe(200);
    clock.jump(61_000);
    const late = await ask(issuer.token({ ...claims, jti: 'newest' }));
    expect([late.headers.get('retry-after'), await codeOf(late)]).toEqual(['10', [503, 'issuer_unavailable']]);
    await eventually(async () => ((await status(known)) === 503 ? true : undefined), 10_000);
    issuer.isDown = false;
    clock.jump(COOLDOWN_MS);
    expect([await status(known), await status(issuer.token({ ...claims, jti: 'newest' }))]).toEqual([200, 200]);
  });

  it('end with logout, at once and however they are spelled, and others of the same user do not', async () => {
    const curve = testKey('idp-2', 'ES256');
    issuer.published = [...issuer.published, curve];
    clock.jump(COOLDOWN_MS);
    const claims = issuer.claims();
    const spell = (): string => jws({ alg: 'ES256', kid: 'idp-2' }, claims, byKey(curve.privateKey));
    const [token, respelled, other] = [spell(), spell(), issuer.token({ jti: 'other' })];
    expect(token).not.toBe(respelled);
    for (const each of [token, respelled, other]) expect(await status(each)).toBe(200);
    expect((await ask(token, '/auth/logout', 'POST')).status).toBe(204);
    expect(await codeOf(await ask(token))).toEqual([401, 'session_ended']);
    expect(await codeOf(await ask(respelled))).toEqual([401, 'session_ended']);
    expect(await status(other)).toBe(200);
  });
});

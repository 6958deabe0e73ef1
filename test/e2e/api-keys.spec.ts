import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PERMISSIONS } from '../../src/kernel/permissions.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { clockOf } from '../support/clock-jump.js';

interface MadeKey {
  readonly api_key: string;
  readonly key_id: string;
  readonly expires_at: string;
}
interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const DAY_MS = 86_400_000;
const LIMITS = { RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST: '1000000' };

describe('API keys', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'api-keys-e2e-'));
  let gateway: BootedGateway;
  let admin: { authorization: string };
  const start = async (environment: NodeJS.ProcessEnv = {}): Promise<void> => {
    gateway = await bootGateway({ DATA_DIR: dataDir, ...LIMITS, ...environment });
    admin = await gateway.login('admin');
  };

  const restart = async (environment: NodeJS.ProcessEnv = {}): Promise<void> => {
    await gateway.close();
    await start(environment);
  };

  beforeAll(() => start());
  afterAll(async () => {
    await gateway.close();
    rmSync(dataDir, { recursive: true });
  });

  async function call(method: string, path: string, authorization: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }
  const make = async (body: object = {}): Promise<MadeKey> => {
    const request = { name: 'sequencer-7', scopes: ['execution:read', 'qc:read'], ...body };
    const answer = await call('POST', '/auth/api-keys', admin.authorization, request);
    expect(answer.status).toBe(201);
    return answer.body as unknown as MadeKey;
  };
  const list = async (): Promise<Record<string, unknown>[]> =>
    (await call('GET', '/auth/api-keys', admin.authorization)).body['items'] as Record<string, unknown>[];
  const use = (key: MadeKey, path = '/api/v1/execution/jobs/j1', method = 'GET'): Promise<Answer> =>
    call(method, path, `Bearer ${key.api_key}`);

  it('are shown once, listed without their secret, and let a service do what they say and nothing else', async () => {
    const key = await make();
    expect(key).toEqual({
      api_key: expect.stringMatching(/^gfk_[0-9a-f]{104}$/),
      key_id: expect.stringMatching(/^key_[0-9a-f]{32}$/),
      name: 'sequencer-7',
      scopes: ['execution:read', 'qc:read'],
      projects: ['*'],
      created_by: 'usr_admin',
      created_at: expect.any(String),
      expires_at: expect.any(String),
    });
    expect((await use(key)).status).toBe(200);
    const [seen] = gateway.backends.calls.slice(-1);
    expect(seen?.headers).toMatchObject({ 'x-user-id': key.key_id, 'x-user-roles': 'service', 'x-session-id': '' });
    expect(JSON.stringify(seen?.headers)).not.toContain(key.api_key.slice(36, 100));
    for (const [method, path] of [
      ['POST', '/api/v1/execution/jobs'],
      ['GET', '/api/v1/results/j1'],
      ['GET', '/auth/api-keys'],
      ['POST', '/auth/api-keys'],
      ['DELETE', `/auth/api-keys/${key.key_id}`],
    ] as const)
      expect([method, path, (await use(key, path, method)).status]).toEqual([method, path, 403]);
    expect((await use(key, '/auth/me')).body).toEqual({
      id: key.key_id,
      username: 'sequencer-7',
      display_name: 'sequencer-7',
      roles: ['service'],
      projects: ['*'],
      permissions: ['execution:read', 'qc:read'],
    });
    const { api_key: _secret, ...shown } = key;
    expect((await list())[0]).toEqual({ ...shown, last_used_at: expect.any(String) });
    expect(await use(key, '/auth/logout', 'POST')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  it('are made by who holds the right to, with no right that is not theirs, and never with the right to make keys', async () => {
    const { authorization } = await gateway.login('analyst');
    const body = { name: 'x', scopes: ['qc:read'] };
    for (const [method, path] of [
      ['POST', '/auth/api-keys'],
      ['GET', '/auth/api-keys'],
      ['DELETE', '/auth/api-keys/key_1'],
    ] as const)
      expect(await call(method, path, authorization, method === 'POST' ? body : undefined)).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    const scopes = PERMISSIONS.filter((permission) => permission !== 'api-keys:manage');
    expect(await make({ scopes })).toMatchObject({ scopes });
    const all = await call('POST', '/auth/api-keys', admin.authorization, { name: 'x', scopes: PERMISSIONS });
    expect(all).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('are made with rights that their maker holds, and with no other', async () => {
    const policy = join(dataDir, 'policy.json');
    writeFileSync(policy, JSON.stringify({ roles: { admin: '*', technician: ['api-keys:manage', 'qc:read'] } }));
    await restart({ RBAC_POLICY_FILE: policy });
    const { authorization } = await gateway.login('technician');
    const answers = [];
    for (const scopes of [['qc:read'], ['qc:read', 'qc:run']])
      answers.push(await call('POST', '/auth/api-keys', authorization, { name: 'x', scopes }));
    expect(answers).toMatchObject([{ status: 201 }, { status: 403, body: { code: 'forbidden' } }]);
    expect((await list()).filter(({ created_by: maker }) => maker === 'usr_technician')).toHaveLength(1);
    await restart();
  });

  it.each([
    ['no name', { name: undefined }],
    ['a name of other characters', { name: 'a<b>' }],
    ['a long name', { name: 'x'.repeat(65) }],
    ['no scopes', { scopes: [] }],
    ['scopes that are no list', { scopes: 'qc:read' }],
    ['an unknown scope', { scopes: ['qc:delete'] }],
    ['a scope twice', { scopes: ['qc:read', 'qc:read'] }],
    ['no time', { expires_in_days: 0 }],
    ['half a day', { expires_in_days: 0.5 }],
    ['31 days', { expires_in_days: 31 }],
    ['a number of days as text', { expires_in_days: '7' }],
    ['an unknown member', { expires_at: '2100-01-01' }],
  ])('are not made with %s', async (_, changes) => {
    const body = { name: 'x', scopes: ['qc:read'], ...changes };
    expect(await call('POST', '/auth/api-keys', admin.authorization, body)).toMatchObject({
      status: 422,
      body: { code: 'validation_failed', errors: expect.arrayContaining([expect.anything()]) },
    });
  });

  it('live 30 days unless less is asked for, and no day longer', async () => {
    const clock = clockOf(gateway.app);
    const [short, long] = [await make({ expires_in_days: 1 }), await make()];
    const days = ({ expires_at }: MadeKey): number => Math.round((Date.parse(expires_at) - Date.now()) / DAY_MS);
    expect([days(short), days(long)]).toEqual([1, 30]);
    clock.jump(DAY_MS);
    expect([(await use(short)).status, (await use(long)).status]).toEqual([401, 200]);
    clock.jump(29 * DAY_MS);
    expect(await use(long)).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    await restart();
  });

  it('live as long as API_KEY_MAX_DAYS says', async () => {
    await restart({ API_KEY_MAX_DAYS: '2' });
    expect(Math.round((Date.parse((await make()).expires_at) - Date.now()) / DAY_MS)).toBe(2);
    const body = { name: 'x', scopes: ['qc:read'], expires_in_days: 3 };
    expect((await call('POST', '/auth/api-keys', admin.authorization, body)).status).toBe(422);
    await restart();
  });

  it('stop at once when they are revoked, and are as if they had never been', async () => {
    const key = await make();
    expect((await use(key)).status).toBe(200);
    const path = `/auth/api-keys/${key.key_id}`;
    expect((await call('DELETE', path, admin.authorization)).status).toBe(204);
    expect(await use(key)).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(await call('DELETE', path, admin.authorization)).toMatchObject({
      status: 404,
      body: { code: 'api_key_not_found' },
    });
  });

  it('outlive a restart, revoked ones excepted, and are nowhere on the disk as they are shown', async () => {
    const [kept, revoked] = [await make(), await make()];
    await call('DELETE', `/auth/api-keys/${revoked.key_id}`, admin.authorization);
    await restart();
    expect([(await use(kept)).status, (await use(revoked)).status]).toEqual([200, 401]);
    expect(statSync(join(dataDir, 'api-keys.json')).mode & 0o777).toBe(0o600);
    for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      for (const key of [kept, revoked]) expect(text).not.toContain(key.api_key.slice(36, 100));
    }
  });

  it('are in the audit record when they are made, refused and revoked, without their secret', async () => {
    const key = await make();
    await call('DELETE', `/auth/api-keys/${key.key_id}`, admin.authorization);
    await use(key);
    await gateway.close();
    const audit = join(dataDir, 'audit');
    const record = readdirSync(audit, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => readFileSync(join(audit, name), 'utf8'))
      .join('');
    const facts = record
      .split('\n')
      .filter((line) => line.includes(key.key_id))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(facts).toEqual([
      expect.objectContaining({
        event: 'api-key-created',
        user_id: 'usr_admin',
        scopes: ['execution:read', 'qc:read'],
      }),
      expect.objectContaining({ event: 'api-key-revoked', user_id: 'usr_admin' }),
      expect.objectContaining({ event: 'access-refused', code: 'invalid_token', key_id: key.key_id }),
    ]);
    expect(record).not.toContain(key.api_key.slice(36, 100));
    await start();
  });
});

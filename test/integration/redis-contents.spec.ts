import { Redis } from 'ioredis';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';

const WHAT = 'what Redis gets to see';
const PASSWORDS = ['a-good-password-0815', 'wrong-guess-4711'] as const;
const USERNAME = 'ada.lovelace';
/** A password that somebody typed into the box for the name. */
const MADE_UP = 'correct-horse-battery';
const SAMPLE = 'SAMPLE-20260131';

(hasRedisServer(WHAT) ? describe : describe.skip)(WHAT, () => {
  let redis: PrivateRedis;
  let gateway: BootedGateway;
  let reader: Redis;
  let monitor: Redis;
  const seen: string[] = [];
  const secrets = new Set<string>(PASSWORDS);
  const immortal = new Set<string>();

  beforeAll(async () => {
    redis = await startPrivateRedis();
    reader = new Redis(redis.url);
    monitor = await reader.monitor();
    monitor.on('monitor', (_time: string, args: string[]) => {
      // Not what the test itself asks.
      if (!['SCAN', 'TYPE', 'PTTL', 'GET', 'HGETALL', 'ZRANGE'].includes(args[0] ?? '')) seen.push(args.join(' '));
    });
    gateway = await bootGateway({ REDIS_URL: redis.url, REFRESH_GRACE_SECONDS: '30', RATE_LIMIT_BURST: '1000' });
    for (const role of ['analyst', 'admin'])
      gateway.backends.users.set(`${USERNAME}.${role}`, {
        ...{ id: `usr_7f3k2m${role.length}`, username: `${USERNAME}.${role}`, display_name: 'Ada King' },
        ...{ roles: [role], disabled: false },
      });
    gateway.backends.handle = (_request, response, { body }) => {
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ job_id: 'job_1', sample_id: SAMPLE, echoed: body.toString() }));
    };
  });
  afterAll(async () => {
    await gateway.close();
    monitor.disconnect();
    reader.disconnect();
    await redis.close();
  });

  async function call(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    for (const key of await keys()) if ((await reader.pttl(key)) === -1) immortal.add(key);
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, string> };
  }

  const keys = async (): Promise<string[]> => reader.keys('*');

  async function valueOf(key: string): Promise<string> {
    switch (await reader.type(key)) {
      case 'hash':
        return JSON.stringify(await reader.hgetall(key));
      case 'zset':
        return JSON.stringify(await reader.zrange(key, 0, -1));
      case 'string':
        return (await reader.get(key)) ?? '';
      default:
        return '';
    }
  }

  /** Notes the tokens of an answer in every form in which they could be written down. */
  function keep(tokens: Record<string, string>): Record<string, string> {
    const { access_token: access = '', refresh_token: refresh = '' } = tokens;
    const [family, secret] = [[16, 32] as const, [32, 64] as const].map(([from, to]) =>
      Buffer.from(refresh, 'base64url').subarray(from, to),
    ) as [Buffer, Buffer];
    for (const part of [family, secret])
      for (const form of ['base64url', 'base64', 'hex'] as const) secrets.add(part.toString(form));
    for (const text of [access, access.split('.')[2] ?? '', refresh]) secrets.add(text);
    return tokens;
  }

  const logIn = async (username: string, password: string = PASSWORDS[0]) => {
    const { status, body } = await call('POST', '/auth/login', { username, password });
    return status === 200 ? keep(body) : { status: `${status}` };
  };

  it('is no token, password, typed name or sample, and every key has a time to live', async () => {
    const [analyst, admin] = [await logIn(`${USERNAME}.analyst`), await logIn(`${USERNAME}.admin`)];
    for (const name of [`${USERNAME}.analyst`, MADE_UP]) await logIn(name, 'wrong');
    gateway.backends.users.delete(MADE_UP);
    expect((await logIn(MADE_UP, PASSWORDS[1]))['status']).toBe('401');
    const bearer = { authorization: `Bearer ${analyst['access_token'] ?? ''}` };
    const refresh = async (token: string | undefined) =>
      keep((await call('POST', '/auth/refresh', { refresh_token: token })).body);
    const second = await refresh(analyst['refresh_token']);
    expect((await refresh(analyst['refresh_token']))['refresh_token']).toBe(second['refresh_token']);
    const job = { pipeline_id: 'fastq-preprocess', sample_id: SAMPLE, inputs: { reads_1: 'upl_1' } };
    for (const _ of [1, 2])
      expect(
        (await call('POST', '/api/v1/execution/jobs', job, { ...bearer, 'idempotency-key': 'run-0001' })).status,
      ).toBe(201);
    await call('GET', '/api/v1/pipelines', undefined, bearer);
    const asAdmin = { authorization: `Bearer ${admin['access_token'] ?? ''}` };
    const made = await call('POST', '/auth/api-keys', { name: 'sequencer-7', scopes: ['qc:read'] }, asAdmin);
    const key = made.body['api_key'] ?? '';
    for (const part of [key, key.slice(36, 100)]) secrets.add(part);
    expect((await call('GET', '/api/v1/qc/results/qc_1', undefined, { authorization: `Bearer ${key}` })).status).toBe(
      201,
    );
    await call('GET', '/auth/sessions', undefined, bearer);
    const { body: me } = await call('GET', '/auth/me', undefined, bearer);
    await call('GET', `/auth/users/${me['id'] ?? ''}/sessions`, undefined, asAdmin);
    const kinds = new Set((await keys()).map((name) => name.split(':')[1]));
    expect([...kinds].sort()).toEqual(
      expect.arrayContaining(['guesses', 'idempotency', 'session', 'sessions', 'successor']),
    );
    const values = await Promise.all((await keys()).map(async (name) => `${name} ${await valueOf(name)}`));
    await call('POST', '/auth/logout', { refresh_token: second['refresh_token'] }, bearer);
    await call('DELETE', `/auth/users/${me['id'] ?? ''}/sessions`, undefined, asAdmin);

    expect(secrets.size).toBeGreaterThan(25);
    expect(seen.length).toBeGreaterThan(40);
    expect([...immortal]).toEqual([]);
    const texts = [...seen, ...values];
    const found = [...secrets, MADE_UP, SAMPLE].filter((secret) => texts.some((text) => text.includes(secret)));
    expect(found).toEqual([]);
    // Users are called by their names nowhere but in their sessions, which say who is calling.
    const named = texts.filter((text) => text.includes(USERNAME) || text.includes('Ada King'));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((text) => !text.includes('genoflow:session:{usr_7f3k2m'))).toEqual([]);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';
import { StoreClient } from '../support/store-requests.js';

const PATH = '/api/v1/monitoring/metrics';

(hasRedisServer('two gateways over one Redis') ? describe : describe.skip)('two gateways over one Redis', () => {
  let redis: PrivateRedis;
  let gateways: [BootedGateway, BootedGateway];

  beforeAll(async () => {
    redis = await startPrivateRedis();
    const environment = { REDIS_URL: redis.url, JWT_SECRET: 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ' };
    gateways = [await bootGateway(environment), await bootGateway(environment)];
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await redis.close();
  });

  const ask = async (gateway: BootedGateway, headers: Record<string, string>, path = PATH): Promise<number> => {
    const response = await fetch(`${gateway.url}${path}`, { headers });
    await response.arrayBuffer();
    return response.status;
  };

  it('share sessions: one logs in, the other lets in, and a logout is seen by both', async () => {
    const [first, second] = gateways;
    const headers = await first.login('analyst');
    expect(await ask(second, headers)).toBe(200);
    await fetch(`${first.url}/auth/logout`, { method: 'POST', headers });
    expect(await ask(first, headers)).toBe(401);
    await eventually(async () => ((await ask(second, headers)) === 401 ? true : undefined), 2_000);
  });

  it('share the rate limit, whose tokens come back at its rate', async () => {
    const headers = await gateways[0].login('clinician');
    const burst = async (count: number): Promise<number> => {
      const asked = Array.from({ length: count }, (_, index) =>
        ask(gateways[index % 2 === 0 ? 0 : 1], headers, '/auth/me'),
      );
      return (await Promise.all(asked)).filter((status) => status === 200).length;
    };
    const passed = await burst(300);
    expect(passed).toBeGreaterThanOrEqual(196);
    expect(passed).toBeLessThanOrEqual(208);
    await sleep(5_000);
    const again = await burst(60);
    expect(again).toBeGreaterThanOrEqual(6);
    expect(again).toBeLessThanOrEqual(11);
  });

  it('leave no key in Redis that does not die by itself', async () => {
    const [first, second] = gateways;
    const client = await new StoreClient(first).logIn('admin');
    const other = new StoreClient(second, client.tokens);
    const json = { 'content-type': 'application/json', authorization: `Bearer ${client.tokens.access_token}` };
    const key = await fetch(`${first.url}/auth/api-keys`, {
      ...{ method: 'POST', headers: json },
      body: JSON.stringify({ name: 'sequencer', scopes: ['monitoring:read'] }),
    });
    const { api_key: text } = (await key.json()) as { api_key: string };
    await new StoreClient(second, { access_token: text, refresh_token: '' }).ask('read');
    for (let round = 0; round < 3; round += 1) {
      await client.askAll('me', 'read', 'catalogue', 'login', 'submit');
      await other.askAll('me', 'catalogue', 'submit');
    }
    await fetch(`${first.url}/auth/login`, {
      ...{ method: 'POST', headers: json },
      body: '{"username":"admin","password":"wrong"}',
    });
    const link = await fetch(`${first.url}/api/v1/results/job_1/download-links`, {
      ...{ method: 'POST', headers: json },
      body: '{}',
    });
    expect(link.status).toBe(200);
    expect((await other.ask('refresh')).status).toBe(200);
    await (await new StoreClient(first).logIn('viewer')).ask('logout');

    const plain = new Redis(redis.url);
    const kept = new Map<string, number>();
    for await (const keys of plain.scanStream() as AsyncIterable<string[]>)
      for (const name of keys) kept.set(name, await plain.pttl(name));
    plain.disconnect();
    const kinds = new Set([...kept.keys()].map((name) => name.split(':').slice(0, 2).join(':')));
    for (const kind of ['session', 'sessions', 'bucket', 'idempotency', 'answer', '{api-keys}'])
      expect(kinds).toContain(`genoflow:${kind}`);
    expect([...kept].filter(([, left]) => left === -1)).toEqual([]);
  });

  it('fail closed while Redis is away, within bounds, and recover by themselves', async () => {
    const [first] = gateways;
    const headers = await first.login('viewer');
    expect(await ask(first, headers, '/auth/me')).toBe(200);
    await redis.kill();
    const away = await eventually(async () => {
      const response = await fetch(`${first.url}/auth/me`, { headers });
      const problem = (await response.json()) as { code?: string };
      return response.status === 503 ? problem.code : undefined;
    }, 10_000);
    expect(away).toBe('state_unavailable');
    await redis.start();
    // The store came back empty: the session is gone, and nobody is let in by memory.
    await eventually(async () => ((await ask(first, headers, '/auth/me')) === 401 ? true : undefined), 15_000);
    const again = await eventually(async () => first.login('viewer').catch(() => undefined), 15_000);
    expect(await ask(first, again, '/auth/me')).toBe(200);
  });
});

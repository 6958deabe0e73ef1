import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';

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

  it('share the rate limit', async () => {
    const headers = await gateways[0].login('clinician');
    const path = '/auth/me';
    const statuses = await Promise.all(
      Array.from({ length: 260 }, (_, index) => ask(gateways[index % 2 === 0 ? 0 : 1], headers, path)),
    );
    const passed = statuses.filter((status) => status === 200).length;
    expect(passed).toBeGreaterThanOrEqual(196);
    expect(passed).toBeLessThanOrEqual(212);
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

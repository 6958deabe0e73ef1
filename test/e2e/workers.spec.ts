import { BuiltGateway, childrenOf, eventually, isAlive } from '../support/built-gateway.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';

(hasRedisServer('several worker processes') ? describe : describe.skip)('several worker processes', () => {
  let redis: PrivateRedis;
  let gateway: BuiltGateway;

  beforeAll(async () => {
    redis = await startPrivateRedis();
    gateway = await new BuiltGateway({ REDIS_URL: redis.url, WEB_CONCURRENCY: '2' }).start();
  }, 90_000);
  afterAll(async () => {
    await gateway.close();
    await redis.close();
  });

  const me = async (headers: Record<string, string>): Promise<number> => {
    const response = await fetch(`${gateway.url}/auth/me`, { headers: { ...headers, connection: 'close' } });
    await response.arrayBuffer();
    return response.status;
  };
  const counted = async (): Promise<number> => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(
      /^genoflow_http_requests_total\{method="GET",route="\/auth\/me",status="200"\} (\d+)$/m.exec(text)?.[1] ?? 0,
    );
  };

  it('share a session and are counted as one', async () => {
    const headers = await gateway.login();
    for (let call = 0; call < 20; call += 1) expect(await me(headers)).toBe(200);
    // An exchange is counted when its connection's answer has gone out, a moment after the client has it.
    await eventually(async () => ((await counted()) === 20 ? true : undefined), 5_000);
  });

  it('are replaced when one dies, and none outlives the gateway', async () => {
    const headers = await gateway.login();
    const before = childrenOf(gateway.pid);
    expect(before).toHaveLength(3);
    const worker = before[1] ?? 0;
    process.kill(worker, 'SIGKILL');
    await eventually(() => {
      const now = childrenOf(gateway.pid);
      return now.length === 3 && !now.includes(worker) ? true : undefined;
    }, 20_000);
    await eventually(async () => ((await me(headers).catch(() => 0)) === 200 ? true : undefined), 20_000);
    const all = childrenOf(gateway.pid);
    await gateway.kill();
    await eventually(() => (all.some(isAlive) ? undefined : true), 15_000);
  }, 60_000);
});

import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

const PATH = '/api/v1/monitoring/metrics';
let gateway: BootedGateway;
beforeEach(async () => {
  gateway = await bootGateway();
});
afterEach(() => gateway.close());

const burst = (count: number, headers: Record<string, string>): Promise<Response[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const response = await fetch(`${gateway.url}${PATH}`, { headers });
      await response.arrayBuffer();
      return response;
    }),
  );
const count = (responses: readonly Response[], status: number): number =>
  responses.filter((response) => response.status === status).length;

describe('the rate limit', () => {
  it('lets a burst of 200 of a user pass and tells the rest when to come again', async () => {
    const responses = await burst(230, await gateway.login());
    expect(count(responses, 200)).toBeGreaterThanOrEqual(196);
    expect(count(responses, 200)).toBeLessThanOrEqual(208);
    const refused = responses.find((response) => response.status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.headers.get('ratelimit')).toMatch(/^"default";r=0;t=\d+$/);
    expect(refused?.headers.get('ratelimit-policy')).toMatch(/^"default";q=200;w=\d+/);
  });

  it('is each user’s own', async () => {
    await burst(230, await gateway.login('admin'));
    expect(count(await burst(20, await gateway.login('analyst')), 200)).toBe(20);
  });

  it('believes no forged forwarding field', async () => {
    const headers = await gateway.login();
    const responses = await Promise.all(
      Array.from({ length: 230 }, (_, index) =>
        fetch(`${gateway.url}${PATH}`, { headers: { ...headers, 'x-forwarded-for': `10.0.0.${index}` } }),
      ),
    );
    expect(count(responses, 429)).toBeGreaterThan(0);
  });

  it('leaves probes alone', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => fetch(`${gateway.url}/health/live`)));
    expect(count(answers, 200)).toBe(300);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

const PATH = '/api/v1/monitoring/metrics';
const JOB = { pipeline_id: 'fastq-preprocess', sample_id: 'S1', inputs: { reads_1: 'upl_1' } };
let gateway: BootedGateway;
const boot = async (environment: NodeJS.ProcessEnv = {}): Promise<void> => {
  gateway = await bootGateway(environment);
};
afterEach(() => gateway.close());

type Fields = Record<string, string>;

const burst = (count: number, headers: Fields, path = PATH, init: RequestInit = {}): Promise<Response[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const response = await fetch(`${gateway.url}${path}`, { ...init, headers: { ...headers, ...init.headers } });
      await response.arrayBuffer();
      return response;
    }),
  );
const post = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const count = (responses: readonly { readonly status: number }[], status: number): number =>
  responses.filter((response) => response.status === status).length;
function expectBurst(passed: number): void {
  expect(passed).toBeGreaterThanOrEqual(196);
  expect(passed).toBeLessThanOrEqual(208);
}

describe('the rate limit', () => {
  beforeEach(() => boot());

  it('lets a burst of 200 of a user pass and tells the rest when to come again', async () => {
    const responses = await burst(230, await gateway.login());
    expectBurst(count(responses, 200));
    const refused = responses.find((response) => response.status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.headers.get('ratelimit')).toMatch(/^"default";r=0;t=\d+$/);
    expect(refused?.headers.get('ratelimit-policy')).toMatch(/^"default";q=200;w=\d+/);
  });

  it('is the same over a hundred connections, and gives back 6 to 11 in five seconds', async () => {
    const headers = await gateway.login();
    const pool = new Pool(gateway.url, { connections: 100, pipelining: 1 });
    const ask = async (): Promise<{ status: number }> => {
      const { statusCode, body } = await pool.request({ path: PATH, method: 'GET', headers });
      await body.dump();
      return { status: statusCode };
    };
    expectBurst(count(await Promise.all(Array.from({ length: 400 }, ask)), 200));
    await sleep(5_000);
    const again = count(await Promise.all(Array.from({ length: 100 }, ask)), 200);
    await pool.close();
    expect(again).toBeGreaterThanOrEqual(6);
    expect(again).toBeLessThanOrEqual(11);
  });

  it('is each user’s own', async () => {
    await burst(230, await gateway.login('admin'));
    expect(count(await burst(20, await gateway.login('analyst')), 200)).toBe(20);
  });

  it('believes no forged address of a stranger', async () => {
    const tries = Array.from({ length: 30 }, (_, index) => {
      const address = `10.0.0.${index}`;
      const forged = { 'x-forwarded-for': address, forwarded: `for=${address}`, 'x-real-ip': address };
      return burst(1, forged, '/auth/login', post({ username: 'admin', password: 'wrong' }));
    });
    expect(count((await Promise.all(tries)).flat(), 429)).toBeGreaterThanOrEqual(8);
  });

  it('leaves probes alone', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => fetch(`${gateway.url}/health/live`)));
    expect(count(answers, 200)).toBe(300);
  });

  it('holds jobs and download links to stricter buckets, and tells of both', async () => {
    const headers = await gateway.login();
    const jobs = await burst(120, headers, '/api/v1/execution/jobs', post(JOB));
    expect(count(jobs, 200)).toBeGreaterThanOrEqual(98);
    expect(count(jobs, 200)).toBeLessThanOrEqual(108);
    const refused = jobs.find(({ status }) => status === 429);
    expect(refused?.headers.get('ratelimit-policy')).toBe('"default";q=200;w=120, "jobs";q=100;w=120');
    expect(refused?.headers.get('ratelimit')).toMatch(/^"default";r=\d+;t=\d+, "jobs";r=0;t=\d+$/);
    // QC is a job too; links have a bucket of their own; both draw on what is left of the caller's.
    expect((await burst(1, headers, '/api/v1/qc/analyze', post({ sample_id: 'S1', upload_id: 'u1' })))[0]?.status).toBe(
      429,
    );
    const [link] = await burst(1, headers, '/api/v1/results/job_1/download-links', post({}));
    expect([link?.status, link?.headers.get('ratelimit')]).toEqual([200, expect.stringMatching(/"links";r=99;/)]);
    expect(count(await burst(80, headers), 200)).toBe(80);
  });
});

describe('behind a trusted proxy', () => {
  it('the right-most address that no trusted proxy vouched for counts, whatever stands left of it', async () => {
    await boot({ TRUST_PROXY: 'loopback' });
    let names = 0;
    const login = (address: string) =>
      burst(
        1,
        { 'x-forwarded-for': address, 'x-real-ip': address, forwarded: `for=${address}` },
        '/auth/login',
        post({ username: `nobody-${++names}`, password: 'wrong' }),
      );
    const forged = await Promise.all(Array.from({ length: 70 }, (_, index) => login(`10.0.0.${index}, 198.51.100.7`)));
    expect(count(forged.flat(), 429)).toBeGreaterThanOrEqual(8);
    const ports = await Promise.all(Array.from({ length: 5 }, (_, index) => login(`198.51.100.7:${5_000 + index}`)));
    expect(count(ports.flat(), 429)).toBeGreaterThanOrEqual(4);
    const subnet = await Promise.all(Array.from({ length: 70 }, (_, index) => login(`2001:db8:0:1::${index}`)));
    expect(count(subnet.flat(), 429)).toBeGreaterThanOrEqual(8);
    expect((await login('198.51.100.8'))[0]?.status).toBe(401);
    expect((await login('2001:db8:0:2::1'))[0]?.status).toBe(401);
  });
});

describe('the bucket of a role', () => {
  it('is the most generous of a caller’s roles', async () => {
    await boot({ RATE_LIMIT_ROLES: '{"viewer":{"per_minute":6,"burst":10},"service":{"per_minute":600,"burst":300}}' });
    gateway.backends.users.set('both', {
      id: 'usr_both',
      username: 'both',
      display_name: 'B',
      roles: ['viewer', 'service'],
      disabled: false,
    });
    const passed = async (username: string): Promise<number> =>
      count(await burst(320, await gateway.login(username), '/auth/me'), 200);
    expect(await passed('viewer')).toBeLessThanOrEqual(12);
    expect(await passed('both')).toBeGreaterThanOrEqual(300);
    expectBurst(await passed('analyst'));
  });
});

describe('in shadow mode', () => {
  it('all pass, and the metrics tell whom each limit would have refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flags-'));
    const file = join(folder, 'flags.json');
    writeFileSync(file, '{"rate-limit-enforcement":false}');
    const tight = {
      RATE_LIMIT_PER_MINUTE: '6',
      RATE_LIMIT_BURST: '2',
      RATE_LIMIT_JOBS_BURST: '1',
      RATE_LIMIT_LINKS_BURST: '1',
    };
    await boot({ FEATURE_FLAGS_FILE: file, MAX_CONCURRENT_PER_USER: '1', ...tight });
    const headers = await gateway.login();
    const refused = (limit: string, text: string): number =>
      Number(new RegExp(`decisions_total\\{limit="${limit}",allowed="false"\\} (\\d+)`).exec(text)?.[1] ?? 0);
    expect(count(await burst(30, headers), 200)).toBe(30);
    const [submitter, reader] = [await gateway.login('analyst'), await gateway.login('clinician')];
    expect(count(await burst(5, submitter, '/api/v1/execution/jobs', post(JOB)), 200)).toBe(5);
    expect(count(await burst(5, reader, '/api/v1/results/job_1/download-links', post({})), 200)).toBe(5);
    for (let round = 0; round < 8; round += 1) {
      const logins = await burst(40, {}, '/auth/login', post({ username: 'admin', password: 'a-good-password' }));
      expect(count(logins, 200)).toBe(40);
    }
    expect(count(await burst(40, { authorization: 'Bearer x' }), 401)).toBe(40);
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    for (const limit of ['caller', 'jobs', 'links', 'login', 'address', 'concurrency'])
      expect([limit, refused(limit, text) > 0]).toEqual([limit, true]);
    rmSync(folder, { recursive: true });
  });
});

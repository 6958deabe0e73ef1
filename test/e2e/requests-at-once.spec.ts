import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type ClientRequest, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { until } from '../support/until.js';

const CAP = 3;
const READ = '/api/v1/monitoring/metrics';
const EVENTS = '/api/v1/execution/jobs/job_1/events';
const UPLOAD = '/api/v1/ingestion/upload?sample_id=S1&file_name=S1_R1.fastq.gz';

describe('the cap on one user’s requests at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flags-'));
  const flags = join(folder, 'flags.json');
  let gateway: BootedGateway;
  let headers: Record<string, string>;
  let held: ServerResponse[] = [];

  beforeAll(async () => {
    writeFileSync(flags, '{}');
    gateway = await bootGateway({
      MAX_CONCURRENT_PER_USER: `${CAP}`,
      RATE_LIMIT_BURST: '1000',
      FEATURE_FLAGS_FILE: flags,
    });
    headers = await gateway.login('admin');
  });
  afterAll(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    held = [];
    gateway.backends.readsBodies = false;
    gateway.backends.handle = (_request, response) => held.push(response);
  });

  const ask = async (
    path = READ,
    by = headers,
  ): Promise<{ status: number; code: string; retryAfter: string | null }> => {
    const response = await fetch(`${gateway.url}${path}`, { headers: by });
    const { code } = (await response.json()) as { code: string };
    return { status: response.status, code, retryAfter: response.headers.get('retry-after') };
  };

  /** Requests that hang in the backend, as many as may. */
  async function fill(path = READ, options: { method?: string; fields?: Record<string, string> } = {}) {
    const requests = Array.from({ length: CAP }, () => {
      const { method = 'GET', fields = {} } = options;
      const one = request(`${gateway.url}${path}`, { method, headers: { ...headers, ...fields }, agent: false });
      one.on('error', () => undefined);
      one.on('response', (response) => response.resume());
      if (method === 'GET') one.end();
      else one.write('@r1');
      return one;
    });
    await until(() => held.length === CAP);
    return requests;
  }

  const expectFull = async (): Promise<void> => {
    const refused = await ask();
    expect(refused).toEqual({ status: 429, code: 'concurrency_limited', retryAfter: '1' });
  };

  /** All slots are free again: as many requests as may be under way get through to the backend. */
  async function expectFree(): Promise<void> {
    gateway.backends.handle = (_request, response) => response.end('{}');
    await eventually(async () => ((await ask()).status === 200 ? true : undefined), 5_000);
    held = [];
    gateway.backends.handle = (_request, response) => held.push(response);
    const again = await fill();
    await expectFull();
    again.forEach((one) => one.destroy());
    gateway.backends.handle = (_request, response) => response.end('{}');
    await eventually(async () => ((await ask()).status === 200 ? true : undefined), 5_000);
  }

  const destroyAll = (requests: readonly ClientRequest[]): void => {
    requests.forEach((one) => one.destroy());
  };

  it.each([
    ['answered', () => held.forEach((response) => response.end('{}'))],
    ['answered with a failure', () => held.forEach((response) => response.writeHead(500).end('{}'))],
    ['failed by the backend', () => held.forEach((response) => response.destroy())],
    [
      'broken off in the middle of the answer',
      () =>
        held.forEach((response) => {
          response.writeHead(200, { 'content-length': '100' });
          response.write('{');
          response.destroy();
        }),
    ],
  ])('refuses one too many, and lets go of those that are %s', async (_, end) => {
    await fill();
    await expectFull();
    const other = await gateway.login('analyst');
    gateway.backends.handle = (_request, response) => response.end('{}');
    expect((await ask(READ, other)).status).toBe(200);
    end();
    await expectFree();
  });

  it('lets go of those whose client hung up', async () => {
    destroyAll(await fill());
    await expectFree();
  });

  it('lets go of those that are refused further on', async () => {
    gateway.backends.handle = (_request, response) => response.end('{}');
    for (let round = 0; round < 2 * CAP; round += 1) {
      const refused = await fetch(`${gateway.url}/api/v1/execution/jobs`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{}',
      });
      await refused.arrayBuffer();
      expect(refused.status).toBe(422);
    }
    await expectFree();
  });

  it('counts event streams for as long as they last', async () => {
    const streams = await fill(EVENTS);
    held.forEach((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: status\ndata: {}\n\n');
    });
    await expectFull();
    destroyAll(streams);
    await expectFree();
  });

  it('counts uploads for as long as their bytes come', async () => {
    const uploads = await fill(UPLOAD, { method: 'POST', fields: { 'content-type': 'application/gzip' } });
    await expectFull();
    destroyAll(uploads);
    await expectFree();
  });

  it('only counts in shadow mode, and the metrics tell what would have been refused', async () => {
    writeFileSync(flags, JSON.stringify({ 'rate-limit-enforcement': false }));
    const refusedSoFar = async (): Promise<number> => {
      const text = await (await fetch(`${gateway.url}/metrics`)).text();
      return Number(
        /genoflow_rate_limit_decisions_total\{limit="concurrency",allowed="false"\} (\d+)/.exec(text)?.[1] ?? 0,
      );
    };
    const streams = await fill(EVENTS);
    gateway.backends.handle = (_request, response) => response.end('{}');
    await eventually(async () => ((await ask()).status === 200 ? true : undefined), 10_000);
    const before = await refusedSoFar();
    expect(before).toBeGreaterThan(0);
    expect((await ask()).status).toBe(200);
    expect(await refusedSoFar()).toBe(before + 1);
    destroyAll(streams);
    writeFileSync(flags, '{}');
  });
});

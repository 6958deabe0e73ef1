import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import type { BackendName } from '../service/backend-name.js';
import { openEmbedded, type OpenDatabase } from '../service/database.js';
import type { Peers } from '../service/peers.js';
import { BackendProblem } from '../service/problem.js';
import { runService, type TestService, type TestServiceOptions } from '../service/testing/run-service.js';
import type { Metrics } from './metrics.types.js';
import { monitoringService } from './monitoring.service.js';
import { PROMETHEUS_EXPRESSIONS } from './prometheus-figures.js';

const closing: (() => Promise<unknown>)[] = [];
let opened: OpenDatabase;

beforeAll(async () => {
  opened = await openEmbedded();
});

afterAll(() => opened.close());

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Peers that answer `/health` unless they are named in `down`, which never answers until it is given up. */
class ScriptedPeers implements Peers {
  readonly calls: string[] = [];

  constructor(
    private readonly down: readonly BackendName[] = [],
    private readonly statistics: unknown = { queued: 1, running: 2, completed: 30, failed: 4, cancelled: 0 },
  ) {}

  json<T>(service: BackendName, method: string, path: string, options?: { signal?: AbortSignal }): Promise<T> {
    this.calls.push(`${method} ${service}${path}`);
    if (this.down.includes(service)) return untilAborted<T>(options?.signal);
    return Promise.resolve((path === '/statistics' ? this.statistics : { status: 'ok' }) as T);
  }

  download = (): never => refuse();
  upload = (): never => refuse();
}

function refuse(): never {
  throw new BackendProblem(502, 'peer_unavailable', 'not part of this test');
}

const untilAborted = <T>(signal: AbortSignal | undefined): Promise<T> =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('given up')));
  });

async function open(options: TestServiceOptions): Promise<TestService> {
  const service = await runService(monitoringService, { database: opened.database, ...options });
  closing.push(() => service.close());
  return service;
}

async function openServer(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function metricsOf(service: TestService): Promise<Metrics> {
  const response = await service.call('/metrics');
  expect(response.status).toBe(200);
  return (await response.json()) as Metrics;
}

it('tells how the machine, the services and the jobs are', async () => {
  const metrics = await metricsOf(await open({ peers: new ScriptedPeers() }));
  expect(metrics.source).toBe('reference');
  expect(metrics.system.cpu_count).toBe(availableParallelism());
  expect(metrics.system.memory_total_bytes).toBe(totalmem());
  expect(metrics.system.load_average).toHaveLength(3);
  expect(metrics.system.disk_free_bytes).toBeGreaterThan(0);
  expect(metrics.services.map((service) => service.name).sort()).toEqual(
    ['auth', 'execution', 'ingestion', 'monitoring', 'pipelines', 'qc', 'results'].sort(),
  );
  expect(metrics.services.every((service) => service.status === 'up' && service.latency_ms !== null)).toBe(true);
  expect(metrics.jobs).toEqual({ queued: 1, running: 2, completed: 30, failed: 4, cancelled: 0 });
});

it('gives up on services that hang, and names them', async () => {
  const service = await open({ peers: new ScriptedPeers(['qc', 'execution']) });
  const metrics = await metricsOf(service);
  expect(metrics.services.filter((entry) => entry.status === 'down')).toEqual([
    { name: 'execution', status: 'down', latency_ms: null },
    { name: 'qc', status: 'down', latency_ms: null },
  ]);
  expect(metrics.jobs).toBeNull();
});

it('leaves out of the job counts what is no count', async () => {
  const statistics = { queued: 1, running: -2, mood: 'good', nested: { a: 1 }, part: 0.5 };
  const metrics = await metricsOf(await open({ peers: new ScriptedPeers([], statistics) }));
  expect(metrics.jobs).toEqual({ queued: 1 });
});

it('asks each service once for callers that come together, and again a second later', async () => {
  const peers = new ScriptedPeers();
  let now = 1_000_000;
  const service = await open({ peers, clock: { now: () => now } });
  await Promise.all([metricsOf(service), metricsOf(service), metricsOf(service)]);
  expect(peers.calls.filter((call) => call === 'GET qc/health')).toHaveLength(1);
  now += 1_000;
  await metricsOf(service);
  expect(peers.calls.filter((call) => call === 'GET qc/health')).toHaveLength(2);
});

it('refuses a call without an identity', async () => {
  const service = await open({ peers: new ScriptedPeers() });
  expect((await fetch(`${service.url}/metrics`)).status).toBe(401);
});

describe('with Prometheus', () => {
  const withPrometheus = async (url: string): Promise<Metrics> => {
    const base = await open({ peers: new ScriptedPeers(), settings: { prometheusUrl: url } });
    return metricsOf(base);
  };

  const vector = (value: string | undefined): string =>
    JSON.stringify({
      status: 'success',
      data: { resultType: 'vector', result: value === undefined ? [] : [{ metric: {}, value: [1, value] }] },
    });

  it('takes the machine and the traffic from there, and says so', async () => {
    const asked: string[] = [];
    const url = await openServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const expression = new URLSearchParams(body).get('query') ?? '';
        asked.push(`${request.url} ${expression}`);
        const value = expression.startsWith('count(node_cpu')
          ? '16'
          : expression.startsWith('histogram_quantile')
            ? 'NaN'
            : expression.startsWith('sum(rate')
              ? '2.5'
              : undefined;
        response.end(vector(value));
      });
    });
    const metrics = await withPrometheus(`${url}/prometheus`);
    expect(asked.sort()).toEqual(PROMETHEUS_EXPRESSIONS.map((text) => `/prometheus/api/v1/query ${text}`).sort());
    expect(metrics.source).toBe('prometheus');
    expect(metrics.system).toMatchObject({ cpu_count: 16, memory_total_bytes: null, load_average: [null, null, null] });
    expect(metrics.traffic).toEqual({ requests_per_second: 2.5, error_ratio: 2.5, p99_seconds: null });
  });

  it.each<[string, RequestListener]>([
    ['answers an error', (_request, response) => response.writeHead(503).end('busy')],
    ['answers something else', (_request, response) => response.end('<html></html>')],
    ['answers too much', (_request, response) => response.end(vector('1') + ' '.repeat(2_000_000))],
    ['never answers', () => undefined],
  ])('falls back to its own figures when it %s', async (_what, listener) => {
    const metrics = await withPrometheus(await openServer(listener));
    expect(metrics.source).toBe('reference');
    expect(metrics.system.memory_total_bytes).toBe(totalmem());
    expect(metrics.traffic).toBeNull();
  });
});

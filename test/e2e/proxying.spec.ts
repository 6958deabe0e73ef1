import { request as httpRequest } from 'node:http';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

let gateway: BootedGateway;
let headers: { authorization: string };

beforeAll(async () => {
  gateway = await bootGateway({
    ALLOWED_ORIGINS: 'https://lab.example',
    RATE_LIMIT_PER_MINUTE: '100000',
    RATE_LIMIT_BURST: '100000',
  });
  headers = await gateway.login();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.backends.seen.splice(0));

const JOBS = '/api/v1/execution/jobs';
const only = () => {
  expect(gateway.backends.calls).toHaveLength(1);
  const [call] = gateway.backends.calls;
  if (call === undefined) throw new Error('no call');
  return call;
};

describe('the path to a backend', () => {
  it.each([
    ['GET', '/api/v1/qc/results/qc_1', '/results/qc_1'],
    ['GET', '/api/v1/pipelines', '/pipelines'],
    ['GET', '/api/v1/pipelines/p1', '/pipelines/p1'],
    ['GET', '/api/v1/pipelines/p1/configurations?limit=5', '/pipelines/p1/configurations?limit=5'],
    ['GET', '/api/v1/execution/jobs?status=running&limit=10', '/jobs?status=running&limit=10'],
    ['GET', '/api/v1/execution/jobs/job_1', '/jobs/job_1'],
    ['GET', '/api/v1/execution/jobs/job_1/logs', '/jobs/job_1/logs'],
    ['POST', '/api/v1/execution/jobs/job_1/cancel', '/jobs/job_1/cancel'],
    ['GET', '/api/v1/results/job_1', '/results/job_1'],
    ['GET', '/api/v1/results/download/abc.def', '/download/abc.def'],
    ['GET', '/api/v1/monitoring/metrics', '/metrics'],
    ['GET', '/api/v1/ingestion/upload/upl_1', '/upload/upl_1'],
    ['DELETE', '/api/v1/ingestion/upload/upl_1', '/upload/upl_1'],
    ['HEAD', '/api/v1/ingestion/upload/upl_1', '/upload/upl_1'],
  ])('%s %s becomes %s', async (method, path, backendPath) => {
    const response = await fetch(`${gateway.url}${path}`, { method, headers });
    expect(response.status).toBe(200);
    expect(only()).toMatchObject({ method, url: backendPath });
  });
});

describe('what a backend receives', () => {
  it('is the body byte for byte, beyond what JSON numbers in JavaScript hold', async () => {
    const body = '{ "sample_id" : "S1",\n "pipeline_id":"p1", "parameters":{"big":9007199254740993,"small":1.10} }';
    const response = await fetch(`${gateway.url}${JOBS}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
      body,
    });
    expect(response.status).toBe(200);
    expect(only().body.toString()).toBe(body);
    expect(only().headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('is the gateway’s word on who calls, never the client’s', async () => {
    await fetch(`${gateway.url}${JOBS}/job_1`, {
      headers: {
        ...headers,
        cookie: 'a=b',
        'x-user-id': 'root',
        x_user_id: 'root',
        'x-user-roles': 'admin',
        'x-genoflow-identity': 'forged',
        'x-forwarded-for': '6.6.6.6',
        'x-request-id': 'my-request-0001',
      },
    });
    const { headers: got } = only();
    expect(got).toMatchObject({
      'x-user-id': 'usr_admin',
      'x-user-roles': 'admin',
      'x-request-id': 'my-request-0001',
      'x-forwarded-proto': 'http',
      'x-forwarded-prefix': '/api/v1/execution',
    });
    expect(got['x-forwarded-for']).toMatch(/127\.0\.0\.1$/);
    expect(got['x-forwarded-for']).not.toContain('6.6.6.6');
    expect(got['x-genoflow-identity']).toMatch(/^eyJ/);
    expect(got.via).toContain('genoflow');
    expect(got.traceparent).toMatch(/^00-/);
    for (const dropped of ['authorization', 'cookie', 'x_user_id']) expect(got[dropped]).toBeUndefined();
  });
});

describe('what a client receives', () => {
  it('is the backend’s status, bytes and safe fields', async () => {
    const body = '{"n":123456789012345678901234567890}';
    gateway.backends.handle = (_request, response) => {
      response.writeHead(203, {
        'content-type': 'application/vnd.lab+json',
        etag: '"v1"',
        server: 'backend/1.0',
        'x-powered-by': 'magic',
        'access-control-allow-origin': '*',
      });
      response.end(body);
    };
    const response = await fetch(`${gateway.url}${JOBS}/job_1`, {
      headers: { ...headers, origin: 'https://lab.example' },
    });
    expect(await response.text()).toBe(body);
    expect(response.status).toBe(203);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/vnd.lab+json',
      etag: '"v1"',
      'access-control-allow-origin': 'https://lab.example',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(response.headers.get('server')).toBeNull();
    expect(response.headers.get('x-powered-by')).toBeNull();
    expect(response.headers.get('vary')).toMatch(/origin/i);
  });

  it('is a backend’s problem document as it is, and nothing else of its failures', async () => {
    gateway.backends.handle = (_request, response) => {
      response.writeHead(422, { 'content-type': 'application/problem+json' });
      response.end('{"code":"fastq_truncated","line":7}');
    };
    const refused = await fetch(`${gateway.url}${JOBS}/job_1`, { headers });
    expect([refused.status, await refused.text()]).toEqual([422, '{"code":"fastq_truncated","line":7}']);
    gateway.backends.handle = (_request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end('Error: password=hunter2 at /srv/app.js:1');
    };
    const failed = await fetch(`${gateway.url}${JOBS}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"sample_id":"S1","pipeline_id":"p1"}',
    });
    const text = await failed.text();
    expect(JSON.parse(text)).toMatchObject({ status: 500, code: 'upstream_error' });
    expect(text).not.toContain('hunter2');
  });

  it('is cut off where the backend’s answer was, never a whole 200', async () => {
    gateway.backends.handle = (_request, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      response.write('x'.repeat(1_000), () => response.destroy());
    };
    const response = await fetch(`${gateway.url}/api/v1/results/download/abc`);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });
});

describe('the messages', () => {
  it('keep their prototypes: Express must find nothing to swap', async () => {
    const swaps: unknown[] = [];
    const original = Object.setPrototypeOf;
    Object.setPrototypeOf = (object: object, prototype: object | null) => {
      if (Object.getPrototypeOf(object) !== prototype) swaps.push(object);
      return original(object, prototype);
    };
    try {
      await new Promise((resolve, reject) => {
        httpRequest(`${gateway.url}/api/v1/left-to-express`, (response) => response.resume().on('end', resolve))
          .on('error', reject)
          .end();
      });
    } finally {
      Object.setPrototypeOf = original;
    }
    expect(swaps).toEqual([]);
  });
});

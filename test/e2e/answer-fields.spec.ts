import { randomBytes } from 'node:crypto';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

let gateway: BootedGateway;
let headers: { authorization: string };

beforeAll(async () => {
  gateway = await bootGateway({
    NODE_ENV: 'production',
    JWT_SECRET: randomBytes(48).toString('base64'),
    RATE_LIMIT_PER_MINUTE: '100000',
    RATE_LIMIT_BURST: '100000',
  });
  headers = await gateway.login();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.backends.seen.splice(0));

const JOB = '/api/v1/execution/jobs/job_1';
const get = (path: string, fields: Record<string, string> = headers): Promise<Response> =>
  fetch(`${gateway.url}${path}`, { headers: fields });

describe('every answer', () => {
  it.each([
    ['of a backend', () => get(JOB), 200],
    ['of the gateway', () => get('/auth/me'), 200],
    ['to a probe', () => get('/health/live'), 200],
    ['of metrics', () => get('/metrics'), 200],
    ['that refuses a token', () => get(JOB, {}), 401],
    ['to an unknown path', () => get('/nowhere'), 404],
    ['to a method not taken', () => fetch(`${gateway.url}${JOB}`, { method: 'PUT', headers }), 405],
  ])('%s says what it is, lets nothing run and names no software', async (_what, ask, status) => {
    const response = await ask();
    await response.arrayBuffer();
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-request-id': expect.stringMatching(/^[\w.-]{8,128}$/),
      'cache-control': 'no-store',
      vary: expect.stringMatching(/origin/i),
    });
    for (const name of ['x-powered-by', 'server']) expect(response.headers.get(name)).toBeNull();
  });
});

describe('Cache-Control of a backend (RFC 9111 section 3.5)', () => {
  const answer = async (...values: string[]): Promise<string | null> => {
    gateway.backends.handle = (_request, response) => {
      response.writeHead(200, [
        'content-type',
        'application/json',
        ...values.flatMap((value) => ['Cache-Control', value]),
      ]);
      response.end('{}');
    };
    const response = await get(JOB);
    await response.arrayBuffer();
    return response.headers.get('cache-control');
  };

  it.each([
    ['public, max-age=3600', 'no-store'],
    ['max-age=60', 'no-store'],
    ['s-maxage=60', 'no-store'],
    ['no-cache', 'no-store'],
    ['private, max-age=60', 'private, max-age=60'],
    ['no-store', 'no-store'],
    ['Private', 'Private'],
    ['x-private-ish=1, public', 'no-store'],
  ])('%s reaches the client as %s', async (given, seen) => {
    expect(await answer(given)).toBe(seen);
  });

  it('in two fields passes as far as each keeps the answer from others', async () => {
    expect(await answer('private', 'max-age=5, public')).toBe('private');
  });
});

describe('a problem', () => {
  it.each([
    [undefined, 'application/problem+json'],
    ['*/*', 'application/problem+json'],
    ['application/*', 'application/problem+json'],
    ['application/json, application/problem+json', 'application/problem+json'],
    ['application/problem+json', 'application/problem+json'],
    ['application/json', 'application/json'],
    ['application/json;q=0.9, text/plain', 'application/json'],
    ['text/html', 'application/problem+json'],
  ])('to a client that accepts %s is of type %s (RFC 9110 section 12.5.1)', async (accept, type) => {
    const response = await get('/nowhere', accept === undefined ? { accept: '*/*' } : { accept });
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.json()).toMatchObject({ code: 'route_not_found', status: 404 });
  });

  it.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/json-patch+json',
    'application/jsonx',
    'multipart/form-data',
  ])('of 415 answers %s where JSON is asked (RFC 9110 section 15.5.16)', async (type) => {
    const response = await fetch(`${gateway.url}/api/v1/qc/analyze`, {
      method: 'POST',
      headers: { ...headers, 'content-type': type },
      body: '{}',
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      415,
      'unsupported_media_type',
    ]);
    expect(gateway.backends.calls).toEqual([]);
  });

  it.each([
    ['PUT', '/api/v1/pipelines', 405, 'GET, HEAD, OPTIONS'],
    ['DELETE', '/auth/login', 405, 'OPTIONS, POST'],
    ['POST', '/health/live', 405, 'GET, HEAD, OPTIONS'],
    ['PUT', '/api/v1/ingestion/upload/upl_1', 405, 'DELETE, GET, HEAD, OPTIONS, PATCH'],
    ['PUT', '/nowhere', 404, null],
    ['GET', '/api', 404, null],
    ['POST', '/', 404, null],
  ])('to %s %s is %d and allows %s (RFC 9110 section 15.5.6)', async (method, path, status, allow) => {
    const response = await fetch(`${gateway.url}${path}`, { method, headers });
    await response.arrayBuffer();
    expect([response.status, response.headers.get('allow')]).toEqual([status, allow]);
  });
});

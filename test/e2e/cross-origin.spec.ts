import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

const LISTED = 'https://lab.example.org';
const JOB = '/api/v1/execution/jobs/job_1';
let gateway: BootedGateway;
let headers: { authorization: string };

beforeAll(async () => {
  gateway = await bootGateway({
    ALLOWED_ORIGINS: JSON.stringify([LISTED, 'http://localhost:3000']),
    RATE_LIMIT_PER_MINUTE: '100000',
    RATE_LIMIT_BURST: '100000',
  });
  headers = await gateway.login();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.backends.seen.splice(0));

const corsFields = (response: Response): string[] =>
  [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));

async function ask(origin: string, init: RequestInit = {}, path = JOB): Promise<Response> {
  const response = await fetch(`${gateway.url}${path}`, { ...init, headers: { ...headers, ...init.headers, origin } });
  await response.arrayBuffer();
  expect(response.headers.get('vary')).toMatch(/(^|[\s,])origin(,|$)/i);
  return response;
}

const preflight = (origin: string, method = 'POST', path = JOB): Promise<Response> =>
  ask(
    origin,
    {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': method, 'access-control-request-headers': 'authorization' },
    },
    path,
  );

const LOOK_ALIKES = [
  'null',
  'http://lab.example.org',
  'https://lab.example.org:8443',
  'https://lab.example.org.evil.org',
  'https://evil-lab.example.org',
  'https://evillab.example.org',
  'https://sub.lab.example.org',
  'https://example.org',
  'https://LAB.example.org',
  'https://lab.example.org/',
  'https://lab.example.org@evil.org',
  'https://lab.example.org, https://evil.org',
  'https://lab.example.orgx',
  'http://localhost',
  'http://localhost:30000',
  'http://127.0.0.1:3000',
  '*',
];

describe('a listed origin (WHATWG Fetch, CORS protocol)', () => {
  it('may read answers, and the fields it needs of them', async () => {
    const response = await ask(LISTED);
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe(LISTED);
    expect(response.headers.get('access-control-expose-headers')).toMatch(/x-request-id.*retry-after.*ratelimit/);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each([
    ['401', () => ask(LISTED, { headers: { authorization: 'Bearer x' } }), 401],
    ['404', () => ask(LISTED, {}, '/nowhere'), 404],
    ['405', () => ask(LISTED, { method: 'PUT' }), 405],
    [
      '415',
      () => ask(LISTED, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }, '/api/v1/qc/analyze'),
      415,
    ],
    [
      '422',
      () =>
        ask(
          LISTED,
          { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
          '/api/v1/qc/analyze',
        ),
      422,
    ],
    [
      '400',
      () => ask(LISTED, { headers: { authorization: headers.authorization } }, '/api/v1/execution/jobs/-bad'),
      400,
    ],
  ])('may read a problem of %s', async (_what, send, status) => {
    const response = await send();
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(LISTED);
  });

  it('is told what it may send, by the gateway itself', async () => {
    const response = await preflight(LISTED);
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(LISTED);
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, PATCH, DELETE');
    expect(response.headers.get('access-control-allow-headers')).toMatch(/authorization.*idempotency-key/);
    expect(response.headers.get('access-control-max-age')).toBe('600');
    expect(response.headers.get('vary')).toMatch(/access-control-request-method/);
    expect(gateway.backends.seen.filter(({ method }) => method === 'OPTIONS')).toEqual([]);
  });

  it('needs no token for a preflight', async () => {
    const response = await fetch(`${gateway.url}${JOB}`, {
      method: 'OPTIONS',
      headers: { origin: LISTED, 'access-control-request-method': 'GET' },
    });
    expect(response.status).toBe(204);
  });
});

describe('an origin that only looks like a listed one', () => {
  it.each(LOOK_ALIKES)('%s is told nothing', async (origin) => {
    expect(corsFields(await ask(origin))).toEqual([]);
    const asked = await preflight(origin);
    expect([asked.status, corsFields(asked)]).toEqual([204, []]);
  });
});

describe('CORS fields of a backend', () => {
  it('are dropped, whoever asks', async () => {
    gateway.backends.handle = (_request, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': '*',
      });
      response.end('{}');
    };
    expect(corsFields(await ask('https://evil.org'))).toEqual([]);
    const response = await ask(LISTED);
    expect(response.headers.get('access-control-allow-origin')).toBe(LISTED);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

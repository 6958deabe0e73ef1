import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { sendRaw } from '../support/raw-http.js';

let gateway: BootedGateway;
let headers: { authorization: string };

beforeAll(async () => {
  gateway = await bootGateway({ RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000' });
  headers = await gateway.login();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.backends.seen.splice(0));

const post = (path: string, body: string | Buffer, contentType = 'application/json') =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': contentType },
    body: body as BodyInit,
  });

async function expectProblem(response: Response, status: number, code: string): Promise<Record<string, unknown>> {
  const problem = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, code: problem.code, type: response.headers.get('content-type') }).toEqual({
    status,
    code,
    type: 'application/problem+json',
  });
  expect(problem).toMatchObject({ status, request_id: response.headers.get('x-request-id') });
  expect(gateway.backends.calls).toEqual([]);
  return problem;
}

const ANALYZE = '/api/v1/qc/analyze';

describe('a bad body', () => {
  it.each([
    ['no JSON', '{"sample_id":', 400, 'malformed_body'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'malformed_body'],
    ['100 levels of JSON', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 400, 'body_too_deep'],
    ['2 MB of JSON', JSON.stringify({ sample_id: 'x'.repeat(2_000_000) }), 413, 'body_too_large'],
    ['an array', '[]', 422, 'validation_failed'],
    ['nothing', '', 422, 'validation_failed'],
    ['an unknown property', '{"sample_id":"S1","upload_id":"u1","admin":true}', 422, 'validation_failed'],
    ['a prototype', '{"sample_id":"S1","upload_id":"u1","__proto__":{"x":1}}', 400, 'malformed_body'],
    ['a hostile id', '{"sample_id":"S1","upload_id":"../../etc/passwd"}', 422, 'validation_failed'],
    ['a wrong type', '{"sample_id":["S1"],"upload_id":"u1"}', 422, 'validation_failed'],
  ])('of %s is refused with a code and reaches no backend', async (_what, body, status, code) => {
    await expectProblem(await post(ANALYZE, body), status, code);
  });

  it('names every fault by pointer and repeats no value', async () => {
    const problem = await expectProblem(
      await post(ANALYZE, '{"sample_id":"secret patient","nope":1}'),
      422,
      'validation_failed',
    );
    const pointers = (problem.errors as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(['/sample_id', '/upload_id', '/nope']));
    expect(JSON.stringify(problem)).not.toContain('secret patient');
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])('as %s is refused', async (type) => {
    await expectProblem(await post(ANALYZE, '{}', type), 415, 'unsupported_media_type');
  });

  it('is refused where the route takes none', async () => {
    await expectProblem(await post('/api/v1/execution/jobs/job_1/cancel', '{}'), 400, 'body_not_allowed');
  });

  it('announced as too large is refused before it is sent', async () => {
    const text = await sendRaw(
      gateway.port,
      `POST ${ANALYZE} HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\nContent-Type: application/json\r\nContent-Length: 10737418240\r\n\r\n{"a":`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/connection: close/i);
    expect(gateway.backends.calls).toEqual([]);
  });
});

describe('a bad path', () => {
  it.each([
    '/api/v1/qc/results/..%2f..%2fusers',
    '/api/v1/qc/results/%2e%2e',
    '/api/v1/qc/results/a%00b',
    '/api/v1/qc/results/a%0d%0ab',
    '/api/v1/qc/results/a%5cb',
    '/api/v1/qc/results/%252e%252e',
    '/api/v1/qc//results/a',
    '/api/v1/qc/results/../analyze',
  ])('%s is refused before any backend', async (path) => {
    const text = await sendRaw(
      gateway.port,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('"code":"malformed_request"');
    expect(gateway.backends.calls).toEqual([]);
  });

  it.each(['-dash-first', '.dot', `x${'y'.repeat(128)}`, 'a=b', "a'b", 'a;b', '@a', 'a:b', 'a+b', 'a,b', '~a'])(
    'an id of %s is refused',
    async (id) => {
      await expectProblem(
        await fetch(`${gateway.url}/api/v1/execution/jobs/${id}`, { headers }),
        400,
        'invalid_identifier',
      );
    },
  );

  it('that is too long is refused', async () => {
    await expectProblem(
      await fetch(`${gateway.url}/api/v1/qc/results/a?q=${'x'.repeat(9_000)}`, { headers }),
      414,
      'target_too_long',
    );
  });

  it('unknown is 404, known with another method 405 with Allow', async () => {
    await expectProblem(await fetch(`${gateway.url}/api/v1/nothing`, { headers }), 404, 'route_not_found');
    const response = await fetch(`${gateway.url}/api/v1/qc/analyze`, { headers });
    expect(response.headers.get('allow')).toBe('OPTIONS, POST');
    await expectProblem(response, 405, 'method_not_allowed');
    const put = await fetch(`${gateway.url}/api/v1/pipelines`, { method: 'PUT', headers });
    await expectProblem(put, 405, 'method_not_allowed');
  });
});

describe('a bad query', () => {
  it.each(['limit=0', 'limit=101', 'limit=x', 'limit=5&limit=6', 'status=lost', 'colour=red'])(
    '%s is refused',
    async (query) => {
      await expectProblem(
        await fetch(`${gateway.url}/api/v1/execution/jobs?${query}`, { headers }),
        400,
        'invalid_query',
      );
    },
  );
});

describe('a bad message', () => {
  it.each([
    ['garbage', 'NONSENSE\r\n\r\n', 400, 'malformed_request'],
    ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n', 400, ''],
    [
      '20 KB of header',
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX-Big: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'two lengths',
      'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'malformed_request',
    ],
  ])('with %s is answered and the connection closed', async (_what, bytes, status, code) => {
    const text = await sendRaw(gateway.port, bytes, 1_000);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toMatch(/connection: close/i);
    expect(text).toContain(code);
  });
});

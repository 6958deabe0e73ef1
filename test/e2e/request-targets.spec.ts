import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { sendRaw } from '../support/raw-http.js';

let gateway: BootedGateway;
let bearer: string;
/** Every route with an identifier, as `METHOD /template/{id}`. */
let routes: [method: string, template: string][];

beforeAll(async () => {
  gateway = await bootGateway({
    RATE_LIMIT_PER_MINUTE: '1000000',
    RATE_LIMIT_BURST: '1000000',
    ALLOWED_ORIGINS: 'https://lab.example',
  });
  bearer = (await gateway.login()).authorization;
  const { paths } = (await (await fetch(`${gateway.url}/docs-json`)).json()) as { paths: Record<string, object> };
  routes = Object.entries(paths).flatMap(([template, methods]) =>
    template.includes('{')
      ? Object.keys(methods).map((method): [string, string] => [method.toUpperCase(), template])
      : [],
  );
});
afterAll(() => gateway.close());
beforeEach(() => gateway.backends.seen.splice(0));

const request = (method: string, target: string, host = 'lab'): string =>
  `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${bearer}\r\nConnection: close\r\n\r\n`;
const send = (method: string, target: string, host?: string): Promise<string> =>
  sendRaw(gateway.port, Buffer.from(request(method, target, host), 'latin1'));

/** An identifier, or the token of a download link, which may be longer. */
const ALLOWED = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

const HOSTILE = [
  '..',
  '.',
  '...',
  '%2e',
  '%2e%2e',
  '.%2e',
  '%2E.',
  '%252e%252e',
  '..;',
  '..%00',
  '%2f',
  '%2F',
  '%5c',
  '\\',
  '..\\',
  '%00',
  'a%00b',
  '%0d%0a',
  'a%0d%0aHost:%20evil',
  '%0a',
  '%20',
  '%09',
  '%c0%ae',
  '%c0%af',
  '%e0%80%af',
  '%ff',
  '%',
  '%2',
  '%zz',
  'a%2fb',
  'a%2e%2e%2fb',
  '@evil',
  'evil:80',
  '//evil',
  '#x',
  ';x=y',
  '~',
  '*',
  '$',
  '\xe9',
  '\x80',
  'a\x7fb',
  `a${'b'.repeat(200)}`,
  '',
  'a b',
];

describe('an identifier in a path (RFC 3986 section 3.3)', () => {
  it('is known for every route that has one', () => {
    expect(routes.length).toBeGreaterThanOrEqual(14);
  });

  it.each(HOSTILE.map((text) => [JSON.stringify(text), text]))(
    'of %s reaches no backend, in no position',
    async (_name, text) => {
      const targets = routes.flatMap(([method, template]) =>
        [text, `${text}/`, `job_1${text}`, `${text}job_1`, `job_1/${text}`].map((id) => ({
          method,
          id,
          target: template.replace(/\{\w+\}/, id).replaceAll(/\{\w+\}/g, 'x1'),
        })),
      );
      const answers = await Promise.all(targets.map(({ method, target }) => send(method, target)));
      answers.forEach((answer, index) => {
        const { id = '', target } = targets[index] ?? {};
        if (ALLOWED.test(id)) return;
        expect({ target, answer: answer.slice(0, 13) }).toEqual({
          target,
          answer: expect.stringMatching(/^HTTP\/1\.1 4/),
        });
      });
      for (const { url } of gateway.backends.calls) expect(url).toMatch(/^(\/[A-Za-z0-9][A-Za-z0-9._-]*)+$/);
    },
  );

  it('of allowed characters reaches the backend as it is', async () => {
    const id = 'A1._-z'.padEnd(128, '9');
    await send('GET', `/api/v1/execution/jobs/${id}`);
    expect(gateway.backends.calls.map(({ url }) => url)).toEqual([`/jobs/${id}`]);
  });
});

describe('a path', () => {
  it.each([
    '/API/v1/pipelines',
    '/api/v1/pipelines/',
    '/api/v1//pipelines',
    '/api/v1/./pipelines',
    '/./api/v1/pipelines',
  ])('of %s is not another spelling of a route', async (path) => {
    expect(await send('GET', path)).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(gateway.backends.calls).toEqual([]);
  });
});

describe('a query', () => {
  it.each([
    'a=1&a=2&&b',
    'path=..%2f..%2fetc&nul=%00&crlf=%0d%0a',
    'plus=+&space=%20&hex=%aF%Af&utf=%c3%a9',
    'question=?&slash=/&colon=:&at=@&comma=,&quote=%27&star=*',
    'broken=%zz&half=%',
    '',
  ])('of %s reaches the backend byte for byte', async (query) => {
    await send('GET', `/api/v1/execution/jobs/job_1?${query}`);
    expect(gateway.backends.calls.map(({ url }) => url)).toEqual([`/jobs/job_1${query === '' ? '' : `?${query}`}`]);
  });

  it.each(['a=\xe9', 'a=b c', 'a=#b', 'a="b"', 'a=<b>', 'a=\\b', 'a=`b', 'a={b}', 'a=^'])(
    'with %j is refused',
    async (query) => {
      expect(await send('GET', `/api/v1/execution/jobs/job_1?${query}`)).toMatch(/^HTTP\/1\.1 400 /);
      expect(gateway.backends.calls).toEqual([]);
    },
  );
});

describe('a target in absolute form (RFC 9112 section 3.2.2)', () => {
  it.each([
    ['http://lab.example/api/v1/execution/jobs/job_1', 'lab.example'],
    ['HTTP://lab.example:8000/api/v1/execution/jobs/job_1', 'lab.example:8000'],
    ['https://[::1]:8443/api/v1/execution/jobs/job_1', '[::1]:8443'],
  ])('%s is served as the path it names, under its own host', async (target, host) => {
    expect(await send('GET', target, 'other.example')).toMatch(/^HTTP\/1\.1 200 /);
    const [call] = gateway.backends.calls;
    expect(call?.url).toBe('/jobs/job_1');
    expect(call?.headers['x-forwarded-host']).toBe(host);
  });

  it('without a path is the root', async () => {
    expect(await send('GET', 'http://lab.example')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await send('GET', 'http://lab.example?x=1')).toMatch(/^HTTP\/1\.1 404 /);
  });

  it.each([
    'http://user:password@lab.example/api/v1/execution/jobs/job_1',
    'http:///api/v1/execution/jobs/job_1',
    'http://lab.example\\@evil/api/v1/execution/jobs/job_1',
    'ftp://lab.example/api/v1/execution/jobs/job_1',
    'http:/api/v1/execution/jobs/job_1',
    'http://lab.example/api/v1/execution/jobs/..%2fx',
    'file:///etc/passwd',
  ])('%s is refused', async (target) => {
    expect(await send('GET', target)).toMatch(/^HTTP\/1\.1 400 /);
    expect(gateway.backends.calls).toEqual([]);
  });

  it('that names a backend opens no way to it', async () => {
    expect(await send('GET', `${gateway.backends.url}/jobs/job_1`)).toMatch(/^HTTP\/1\.1 404 /);
    expect(gateway.backends.calls).toEqual([]);
  });
});

describe('the asterisk (RFC 9112 section 3.2.4)', () => {
  it('is for OPTIONS', async () => {
    const text = await send('OPTIONS', '*');
    expect(text).toMatch(/^HTTP\/1\.1 204 /);
    expect(text).toMatch(/^allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST\r$/m);
  });

  it('is refused to every other method', async () => {
    expect(await send('GET', '*')).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('a redirect of a backend', () => {
  it('is passed on and not followed', async () => {
    gateway.backends.handle = (_request, response) => {
      response.writeHead(307, { location: '/jobs/job_2' }).end();
    };
    const text = await send('GET', '/api/v1/execution/jobs/job_1');
    expect(text).toMatch(/^HTTP\/1\.1 307 /);
    expect(gateway.backends.calls).toHaveLength(1);
  });
});

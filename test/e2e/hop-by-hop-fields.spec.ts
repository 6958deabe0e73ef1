import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { sendRaw } from '../support/raw-http.js';
import type { SeenRequest } from '../support/scripted-backends.js';

let gateway: BootedGateway;
let bearer: string;

beforeAll(async () => {
  gateway = await bootGateway({ RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000' });
  bearer = (await gateway.login()).authorization;
});
afterAll(() => gateway.close());
beforeEach(() => gateway.backends.seen.splice(0));

const JOB = '/api/v1/execution/jobs/job_1';

/** Sends a GET with these fields besides, and gives what the backend received. */
async function received(...fields: string[]): Promise<SeenRequest> {
  const lines = [`GET ${JOB} HTTP/1.1`, 'Host: lab', `Authorization: ${bearer}`, ...fields];
  if (!fields.some((field) => /^connection:/i.test(field))) lines.push('Connection: close');
  const text = await sendRaw(gateway.port, [...lines, '', ''].join('\r\n'), 1_000);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  const [call] = gateway.backends.calls;
  if (call === undefined) throw new Error('the backend was not called');
  return call;
}

/** Has the backend answer with these fields besides, and gives the head that the client receives, in small letters. */
async function answered(...fields: string[]): Promise<string> {
  gateway.backends.handle = ({ socket }) => {
    socket.end(
      ['HTTP/1.1 200 OK', 'Content-Type: application/json', 'Content-Length: 2', ...fields, '', '{}'].join('\r\n'),
    );
  };
  const request = `GET ${JOB} HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\nConnection: close\r\n\r\n`;
  const text = await sendRaw(gateway.port, request);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  return (text.split('\r\n\r\n', 1)[0] ?? '').toLowerCase();
}

describe('a client’s field that is for one connection (RFC 9110 section 7.6.1)', () => {
  it.each([
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Authorization', 'Basic eDp5'],
    ['Proxy-Authenticate', 'Basic'],
    ['Proxy-Connection', 'keep-alive'],
    ['Proxy-Anything', '1'],
    ['TE', 'trailers, deflate'],
    ['Trailer', 'X-Sum'],
    ['Upgrade', 'h2c'],
    ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
    ['Max-Forwards', '3'],
  ])('%s goes no further', async (name, value) => {
    const { headers } = await received(`${name}: ${value}`);
    expect(headers[name.toLowerCase()]).toBeUndefined();
  });

  it('and named by Connection goes no further, in any case and place', async () => {
    const { headers } = await received(
      'X-First: 1',
      'x-second: 2',
      'X-Third: 3',
      'Connection: close, X-FIRST',
      'Connection:x-second ,',
    );
    expect(headers).not.toHaveProperty('x-first');
    expect(headers).not.toHaveProperty('x-second');
    expect(headers['x-third']).toBe('3');
    expect(headers.connection).not.toMatch(/first|second/i);
  });

  it('named by Connection takes nothing with it that is the gateway’s own', async () => {
    const own = ['x-user-id', 'x-user-roles', 'x-session-id', 'x-genoflow-identity', 'x-request-id', 'x-forwarded-for'];
    const { headers } = await received(`Connection: close, ${own.join(', ')}, host, via, traceparent, content-length`);
    for (const name of [...own, 'host', 'via', 'traceparent']) expect(headers[name]).toBeDefined();
    expect(headers['x-user-id']).toBe('usr_admin');
  });
});

describe('a backend’s field that is for one connection', () => {
  it.each([
    ['Keep-Alive', 'timeout=77'],
    ['Proxy-Authenticate', 'Basic realm="inside"'],
    ['Proxy-Anything', '1'],
    ['Upgrade', 'h2c'],
    ['Trailer', 'X-Sum'],
  ])('%s goes no further', async (name, value) => {
    expect(await answered(`${name}: ${value}`)).not.toContain(`${name}: ${value}`.toLowerCase());
  });

  it('and named by Connection goes no further, but what is the gateway’s own stays', async () => {
    const head = await answered(
      'X-Inside: 1',
      'X-Outside: 2',
      'Connection: X-Inside, X-Request-Id, X-Content-Type-Options',
    );
    expect(head).not.toContain('x-inside');
    expect(head).toContain('x-outside: 2');
    expect(head).toMatch(/^x-request-id: .+/m);
    expect(head).toMatch(/^x-content-type-options: nosniff/m);
  });
});

describe('Via (RFC 9110 section 7.6.3)', () => {
  it('names the gateway to the backend and to the client', async () => {
    expect((await received()).headers.via).toBe('1.1 genoflow');
    expect(await answered('Via: 1.1 inner')).toMatch(/^via: 1\.1 inner\r\n(?:.+\r\n)*via: 1\.1 genoflow/m);
  });
});

describe('an upgrade (RFC 9110 section 7.8)', () => {
  it('to h2c is ignored: the answer comes in HTTP/1.1', async () => {
    const { headers } = await received(
      'Connection: close, Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    );
    expect(headers.upgrade).toBeUndefined();
    expect(headers.connection).not.toMatch(/upgrade/i);
  });

  it.each(['websocket', 'WebSocket', 'h2c, websocket', 'websocket/13'])('to %s is refused', async (protocol) => {
    const text = await sendRaw(
      gateway.port,
      `GET ${JOB} HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('"code":"upgrade_refused"');
    expect(gateway.backends.calls).toEqual([]);
  });

  it('of a backend that nobody asked for reaches no client', async () => {
    gateway.backends.handle = (request) => {
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    };
    const request = `GET ${JOB} HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(gateway.port, request)).toMatch(/^HTTP\/1\.1 502 /);
  });
});

describe('a method for proxies', () => {
  it.each(['TRACE', 'PUT', 'PROPFIND'])(
    '%s is refused with the methods of the path, and never forwarded',
    async (method) => {
      const text = await sendRaw(
        gateway.port,
        `${method} ${JOB} HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\nMax-Forwards: 5\r\nConnection: close\r\n\r\n`,
      );
      expect(text).toMatch(/^HTTP\/1\.1 405 /);
      expect(text).toMatch(/^allow: GET, HEAD, OPTIONS\r$/m);
      expect(gateway.backends.calls).toEqual([]);
    },
  );

  it('CONNECT is refused, and no tunnel opened', async () => {
    const { host } = new URL(gateway.backends.url);
    const text = await sendRaw(
      gateway.port,
      `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\nGET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 405 /);
    expect(text).toMatch(/^allow: /im);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(gateway.backends.seen.filter(({ url }) => url === '/')).toEqual([]);
  });
});

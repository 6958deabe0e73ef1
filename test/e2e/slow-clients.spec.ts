import { setTimeout as sleep } from 'node:timers/promises';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { RawClient } from '../support/raw-client.js';

const ANALYZE = '/api/v1/qc/analyze';
const SLOW_CLIENTS = 500;
let gateway: BootedGateway;
let bearer: string;
const clients: RawClient[] = [];

beforeAll(async () => {
  gateway = await bootGateway({
    HEADERS_TIMEOUT_MS: '1000',
    REQUEST_TIMEOUT_MS: '1500',
    UPLOAD_MAX_BYTES: '1000',
    RATE_LIMIT_PER_MINUTE: '100000',
    RATE_LIMIT_BURST: '100000',
  });
  bearer = (await gateway.login()).authorization;
});
afterAll(() => gateway.close());
beforeEach(() => gateway.backends.seen.splice(0));
afterEach(() => {
  clients.splice(0).forEach((client) => client.destroy());
});

async function open(): Promise<RawClient> {
  const client = await RawClient.open(gateway.port);
  clients.push(client);
  return client;
}

/** Sends a byte now and then until the server has enough. */
async function drip(client: RawClient): Promise<string> {
  while (!client.ended && !client.closed) {
    client.send('a');
    await sleep(100);
  }
  return client.received;
}

const post = (...fields: string[]): string =>
  [
    `POST ${ANALYZE} HTTP/1.1`,
    'Host: lab',
    `Authorization: ${bearer}`,
    'Content-Type: application/json',
    ...fields,
    '',
    '',
  ].join('\r\n');

describe('a client that is slow', () => {
  it.each([
    ['says nothing', ''],
    ['stops in its request line', 'GET /health'],
    ['stops in its fields', 'GET /health/live HTTP/1.1\r\nHost: lab\r\nX-'],
  ])('and %s is told so after HEADERS_TIMEOUT_MS (RFC 9110 section 15.5.9)', async (_what, bytes) => {
    const client = (await open()).send(bytes);
    const text = await client.untilEnded();
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('"code":"request_timeout"');
    expect(text).toMatch(/^connection: close\r$/im);
  });

  it('and drips its fields byte by byte gains no time by it', async () => {
    const client = (await open()).send('GET /health/live HTTP/1.1\r\nHost: lab\r\nX-Slow: ');
    expect(await drip(client)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('and drips a JSON body is told so after REQUEST_TIMEOUT_MS, and no backend is called', async () => {
    const client = (await open()).send(`${post('Content-Length: 1000')}{"`);
    const text = await drip(client);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('"code":"request_timeout"');
    expect(gateway.backends.calls).toEqual([]);
  });

  it('and drips chunks is told so too', async () => {
    const client = (await open()).send(post('Transfer-Encoding: chunked'));
    const dripping = (async () => {
      while (!client.ended && !client.closed) {
        client.send('1\r\na\r\n');
        await sleep(100);
      }
    })();
    expect(await client.untilEnded()).toMatch(/^HTTP\/1\.1 408 /);
    await dripping;
  });

  it(`costs the others nothing, ${SLOW_CLIENTS} times over`, async () => {
    const slow = await Promise.all(Array.from({ length: SLOW_CLIENTS }, open));
    slow.forEach((client) => client.send('POST /auth/login HTTP/1.1\r\nHost: lab\r\nX-Slow: a'));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(`${gateway.url}/api/v1/execution/jobs/job_1`, { headers: { authorization: bearer } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    await Promise.all(slow.map((client) => client.untilEnded()));
    expect(slow.filter(({ received }) => received.startsWith('HTTP/1.1 408 '))).toHaveLength(SLOW_CLIENTS);
  });
});

describe('a body that is too large', () => {
  it.each([
    ['JSON', ANALYZE, 'application/json', 1_048_577],
    ['an upload', '/api/v1/ingestion/upload?sample_id=S1&file_name=a.fastq', 'application/octet-stream', 1_001],
  ])('as %s is refused before it is sent (RFC 9110 section 15.5.14)', async (_what, path, type, length) => {
    const client = (await open()).send(
      `POST ${path} HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
    );
    const text = await client.receive(/\r\n\r\n\{.*\}$/s);
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain('"code":"body_too_large"');
    expect(gateway.backends.calls).toEqual([]);
  });

  it('as JSON in chunks is refused at its first byte over 1 MiB', async () => {
    const client = (await open()).send(post('Transfer-Encoding: chunked'));
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 16; sent += 1) client.send(chunk);
    await sleep(200);
    expect(client.received).toBe('');
    client.send('1\r\n \r\n');
    expect(await client.receive(/\r\n\r\n\{.*\}$/s)).toMatch(/^HTTP\/1\.1 413 /);
    expect(gateway.backends.calls).toEqual([]);
  });
});

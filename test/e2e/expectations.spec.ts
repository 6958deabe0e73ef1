import { setTimeout as sleep } from 'node:timers/promises';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { RawClient } from '../support/raw-client.js';

let gateway: BootedGateway;
let bearer: string;
let client: RawClient;

beforeAll(async () => {
  gateway = await bootGateway({ RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000' });
  bearer = (await gateway.login()).authorization;
});
afterAll(() => gateway.close());
beforeEach(async () => {
  gateway.backends.seen.splice(0);
  client = await RawClient.open(gateway.port);
});
afterEach(() => {
  client.destroy();
});

const BODY = '{"sample_id":"S1","upload_id":"u1"}';
const ANALYZE = '/api/v1/qc/analyze';
const UPLOAD = '/api/v1/ingestion/upload?sample_id=S1&file_name=a.fastq';
/** Long enough for an answer that must not come to have come. */
const SILENCE_MS = 150;

const head = (path: string, ...fields: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: lab', 'Expect: 100-continue', ...fields, '', ''].join('\r\n');
const json = (...fields: string[]): string =>
  head(ANALYZE, 'Content-Type: application/json', `Content-Length: ${BODY.length}`, ...fields);

describe('Expect: 100-continue (RFC 9110 section 10.1.1)', () => {
  it('is answered where the body is wanted, once, and the field goes no further', async () => {
    client.send(json(`Authorization: ${bearer}`));
    expect(await client.receive(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(gateway.backends.calls).toEqual([]);
    client.send(BODY);
    expect(await client.receive(/HTTP\/1\.1 200 /)).not.toMatch(/100 Continue[^]*100 Continue/);
    expect(gateway.backends.calls[0]?.body.toString()).toBe(BODY);
    expect(gateway.backends.calls[0]?.headers).not.toHaveProperty('expect');
  });

  it('of an upload is answered once a backend takes it', async () => {
    client.send(
      head(UPLOAD, 'Content-Type: application/octet-stream', 'Content-Length: 5', `Authorization: ${bearer}`),
    );
    await client.receive(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.send('reads');
    await client.receive(/HTTP\/1\.1 200 /);
    expect(gateway.backends.calls[0]?.body.toString()).toBe('reads');
  });

  it.each([
    ['no token', () => json(), 401],
    ['a bad token', () => json('Authorization: Bearer nonsense'), 401],
    [
      'a body too large',
      () => head(ANALYZE, 'Content-Type: application/json', 'Content-Length: 2000000', `Authorization: ${bearer}`),
      413,
    ],
    [
      'a wrong content type',
      () => head(ANALYZE, 'Content-Type: text/plain', 'Content-Length: 5', `Authorization: ${bearer}`),
      415,
    ],
    [
      'a body where none is taken',
      () => head('/api/v1/execution/jobs/j/cancel', 'Content-Length: 5', `Authorization: ${bearer}`),
      400,
    ],
    ['an unknown route', () => head('/api/v1/nowhere', 'Content-Length: 5'), 404],
  ])('with %s gets the refusal before a byte of the body', async (_what, bytes, status) => {
    client.send(bytes());
    const text = await client.receive(/\r\n\r\n\{/);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toMatch(/^connection: close\r$/im);
    expect(gateway.backends.calls).toEqual([]);
  });

  it('in HTTP/1.0 is ignored', async () => {
    client.send(json(`Authorization: ${bearer}`).replace('HTTP/1.1', 'HTTP/1.0'));
    await sleep(SILENCE_MS);
    expect(client.received).toBe('');
    client.send(BODY);
    expect(await client.receive(/HTTP/)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('need not be waited for', async () => {
    client.send(json(`Authorization: ${bearer}`) + BODY);
    await client.receive(/HTTP\/1\.1 200 /);
    expect(gateway.backends.calls[0]?.body.toString()).toBe(BODY);
  });
});

describe('any other expectation', () => {
  it('is refused with 417', async () => {
    client.send(json(`Authorization: ${bearer}`).replace('100-continue', 'a-miracle'));
    const text = await client.untilEnded();
    expect(text).toMatch(/^HTTP\/1\.1 417 /);
    expect(text).toContain('"code":"expectation_failed"');
    expect(gateway.backends.calls).toEqual([]);
  });
});

describe('a refusal while the body is still coming', () => {
  it('reaches a client that goes on sending (RFC 9112 section 9.6)', async () => {
    client.send(
      `POST ${ANALYZE} HTTP/1.1\r\nHost: lab\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n`,
    );
    await client.receive(/^HTTP\/1\.1 401 /);
    for (let sent = 0; sent < 8; sent += 1) {
      client.send(Buffer.alloc(1_000_000));
      await sleep(20);
    }
    const text = await client.untilEnded();
    expect(client.failure).toBeUndefined();
    expect(text).toMatch(/"code":"unauthenticated"[^]*\}$/);
    expect(text).toMatch(/^connection: close\r$/im);
  });

  it('leaves nothing of the body to be taken for another request', async () => {
    const hidden = `GET /api/v1/execution/jobs/SMUGGLED HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\n\r\n`;
    client.send(`POST ${ANALYZE} HTTP/1.1\r\nHost: lab\r\nContent-Length: ${hidden.length}\r\n\r\n`);
    await client.receive(/^HTTP\/1\.1 401 /);
    client.send(hidden + hidden);
    const text = await client.untilEnded();
    expect(text.match(/HTTP\/1\.1 \d{3} /g)).toEqual(['HTTP/1.1 401 ']);
    expect(gateway.backends.calls).toEqual([]);
  });
});

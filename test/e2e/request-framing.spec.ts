import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { sendRaw } from '../support/raw-http.js';

let gateway: BootedGateway;
let bearer: string;

beforeAll(async () => {
  gateway = await bootGateway({ RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000' });
  bearer = (await gateway.login()).authorization;
});
afterAll(() => gateway.close());
beforeEach(() => gateway.backends.seen.splice(0));

const ANALYZE = '/api/v1/qc/analyze';
const BODY = '{"sample_id":"S1","upload_id":"u1"}';
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
const get = (...fields: string[]): string => ['GET /health/live HTTP/1.1', ...fields, '', ''].join('\r\n');
/** What a smuggler puts behind a message whose end two servers see in different places. */
const smuggled = (): string =>
  `GET /api/v1/execution/jobs/SMUGGLED HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\n\r\n`;

async function expectRefusal(bytes: string, status: number | RegExp, code: string): Promise<void> {
  const text = await sendRaw(gateway.port, Buffer.from(bytes + smuggled(), 'latin1'));
  expect(text).toMatch(typeof status === 'number' ? new RegExp(`^HTTP/1\\.1 ${status} `) : status);
  expect(text.match(/HTTP\/1\.1 \d{3} /g)).toHaveLength(1);
  expect(text).toMatch(/^connection: close\r$/im);
  expect(text).toMatch(/^content-type: application\/problem\+json\r$/im);
  expect(text).toContain(`"code":"${code}"`);
  expect(gateway.backends.calls).toEqual([]);
}

const CHUNKED = 'Transfer-Encoding: chunked';
const LENGTH = `Content-Length: ${BODY.length}`;
const chunk = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

describe('a length (RFC 9112 section 6.2)', () => {
  it.each([
    ['beside a Transfer-Encoding', () => post(LENGTH, CHUNKED) + chunk],
    ['after a Transfer-Encoding', () => post(CHUNKED, LENGTH) + chunk],
    ['given twice and different', () => post(LENGTH, 'Content-Length: 2') + BODY],
    ['given twice and the same', () => post(LENGTH, LENGTH) + BODY],
    ['given as a list', () => post(`Content-Length: ${BODY.length}, ${BODY.length}`) + BODY],
    ['with a sign', () => post(`Content-Length: +${BODY.length}`) + BODY],
    ['below zero', () => post('Content-Length: -1') + BODY],
    ['in hexadecimal', () => post('Content-Length: 0x23') + BODY],
    ['with a fraction', () => post('Content-Length: 35.0') + BODY],
    ['in two words', () => post('Content-Length: 3 5') + BODY],
    ['empty', () => post('Content-Length:') + BODY],
    ['beyond 64 bits', () => post('Content-Length: 99999999999999999999') + BODY],
    ['behind a vertical tab', () => post('Content-Length: \x0b35') + BODY],
  ])('%s is refused', (_what, bytes) => expectRefusal(bytes(), 400, 'malformed_request'));
});

describe('a Transfer-Encoding (RFC 9112 section 6.1)', () => {
  it.each([
    ['that ends in another coding', 'Transfer-Encoding: chunked, gzip'],
    ['of another coding alone', 'Transfer-Encoding: gzip'],
    ['identity', 'Transfer-Encoding: identity'],
    ['that only sounds like chunked', 'Transfer-Encoding: xchunked'],
    ['with a parameter', 'Transfer-Encoding: chunked;x=y'],
    ['chunked twice', `${CHUNKED}\r\n${CHUNKED}`],
    ['empty', 'Transfer-Encoding:'],
    ['with an empty member', 'Transfer-Encoding: ,chunked'],
    ['behind a vertical tab', 'Transfer-Encoding: \x0bchunked'],
    ['quoted', 'Transfer-Encoding: "chunked"'],
    ['folded', 'Transfer-Encoding:\r\n chunked'],
    ['with a space before its colon', 'Transfer-Encoding : chunked'],
  ])('%s is refused', (_what, field) => expectRefusal(post(field) + chunk, 400, 'malformed_request'));

  it.each([
    ['a coding before chunked', 'Transfer-Encoding: gzip, chunked'],
    ['codings in two fields', `Transfer-Encoding: gzip\r\n${CHUNKED}`],
    ['identity before chunked', `Transfer-Encoding: identity\r\n${CHUNKED}`],
  ])('of %s is not implemented', (_what, field) =>
    expectRefusal(post(field) + chunk, 501, 'transfer_coding_unsupported'),
  );

  it('in HTTP/1.0 is refused', () =>
    expectRefusal(post(CHUNKED).replace('HTTP/1.1', 'HTTP/1.0') + chunk, 400, 'malformed_request'));

  it('in any case of letters is taken', async () => {
    const text = await sendRaw(gateway.port, post('Connection: close', 'Transfer-Encoding: CHUNKED') + chunk);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(gateway.backends.calls[0]?.body.toString()).toBe(BODY);
  });
});

describe('a chunk (RFC 9112 section 7.1)', () => {
  it.each([
    ['size that is no number', 'zz\r\n'],
    ['size below zero', '-1\r\n'],
    ['size with 0x', '0x23\r\n'],
    ['size beyond 64 bits', 'fffffffffffffffff\r\n'],
    ['size behind a space', ` 23\r\n${BODY}\r\n0\r\n\r\n`],
    ['size before a space', `23 \r\n${BODY}\r\n0\r\n\r\n`],
    ['size ended by a bare LF', `23\n${BODY}\r\n0\r\n\r\n`],
    ['size ended by a bare CR', `23\r${BODY}\r\n0\r\n\r\n`],
    ['extension with a bare LF', `23;a\n=b\r\n${BODY}\r\n0\r\n\r\n`],
    ['extension with a bare CR', `23;a\rb\r\n${BODY}\r\n0\r\n\r\n`],
    ['extension with a NUL', `23;a\x00b\r\n${BODY}\r\n0\r\n\r\n`],
    ['of more bytes than it says', `22\r\n${BODY}\r\n0\r\n\r\n`],
    ['ended by a bare LF', `23\r\n${BODY}\n0\r\n\r\n`],
    ['the last ended by bare LFs', `23\r\n${BODY}\r\n0\n\n`],
    ['trailer that is no field', `23\r\n${BODY}\r\n0\r\nX T: a\r\n\r\n`],
    ['trailer that gives a length', `23\r\n${BODY}\r\n0\r\nContent-Length: 5\r\n\r\n`],
  ])('%s is refused', (_what, chunks) => expectRefusal(post(CHUNKED) + chunks, 400, 'malformed_request'));

  it('with extensions without end is refused', () =>
    expectRefusal(`${post(CHUNKED)}23;${'a'.repeat(20_000)}\r\n`, 413, 'body_too_large'));

  it('with trailers without end is refused', () =>
    expectRefusal(`${post(CHUNKED)}23\r\n${BODY}\r\n0\r\nX: ${'a'.repeat(20_000)}`, 431, 'headers_too_large'));

  it('with a small extension is taken, and the extension goes no further', async () => {
    await sendRaw(gateway.port, `${post('Connection: close', CHUNKED)}23;a=b\r\n${BODY}\r\n0\r\nX-Trailer: 1\r\n\r\n`);
    expect(gateway.backends.calls[0]?.body.toString()).toBe(BODY);
    expect(gateway.backends.calls[0]?.headers['x-trailer']).toBeUndefined();
  });
});

describe('a header section (RFC 9112 sections 2.2 and 5)', () => {
  it.each([
    ['a folded line', 'X: a\r\n b'],
    ['a space before the colon', 'X : a'],
    ['a space before the first field', ' X: a'],
    ['a NUL in a value', 'X: a\x00b'],
    ['a control character in a value', 'X: a\x01b'],
    ['a NUL in a name', 'X\x00: a'],
    ['an empty name', ': a'],
    ['a line without a colon', 'nonsense'],
    ['a bare CR in a value', 'X: a\rb'],
    ['a bare LF between fields', 'X: a\nY: b'],
    ['a name that is no token', 'X(Y): a'],
    ['a name beyond ASCII', 'X\xe9: a'],
  ])('with %s is refused', (_what, fields) =>
    expectRefusal(
      get(...(fields.startsWith(' ') ? [fields, 'Host: lab'] : ['Host: lab', fields])),
      400,
      'malformed_request',
    ),
  );

  it('ended by bare LFs is refused', () =>
    expectRefusal('GET /health/live HTTP/1.1\nHost: lab\n\n', 400, 'malformed_request'));

  it('of more than 128 fields is refused, and none is dropped without a word', () =>
    expectRefusal(
      get('Host: lab', ...Array.from({ length: 128 }, (_, index) => `a${index}: b`)),
      431,
      'headers_too_large',
    ));

  it('of more than 16 KiB is refused', () =>
    expectRefusal(get('Host: lab', `X: ${'y'.repeat(20_000)}`), 431, 'headers_too_large'));

  it('of 128 fields and less than 16 KiB is taken', async () => {
    const fields = Array.from({ length: 126 }, (_, index) => `a${index}: ${'b'.repeat(100)}`);
    expect(await sendRaw(gateway.port, get('Host: lab', 'Connection: close', ...fields))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('the Host field (RFC 9112 section 3.2)', () => {
  it.each([
    ['missing', []],
    ['given twice', ['Host: lab', 'Host: evil']],
    ['given twice and the same', ['Host: lab', 'host: lab']],
    ['empty', ['Host:']],
    ['with a path', ['Host: lab/x']],
    ['with a user', ['Host: admin@lab']],
    ['with a space', ['Host: lab evil']],
    ['with a comma', ['Host: lab, evil']],
    ['with a port that is no number', ['Host: lab:80a']],
    ['with a percent-encoding', ['Host: lab%2eevil']],
    ['with an open bracket', ['Host: [::1']],
  ])('%s is refused', (_what, fields) => expectRefusal(get(...fields), 400, 'malformed_request'));

  it.each(['lab', 'lab:8000', 'lab.example.org.', '127.0.0.1:1', '[::1]:8000', '[2001:db8::1]'])(
    '%s is taken',
    async (host) => {
      expect(await sendRaw(gateway.port, get(`Host: ${host}`, 'Connection: close'))).toMatch(/^HTTP\/1\.1 200 /);
    },
  );

  it('may be missing in HTTP/1.0', async () => {
    expect(await sendRaw(gateway.port, 'GET /health/live HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('a request line (RFC 9112 section 3)', () => {
  it.each([
    ['without a version (HTTP/0.9)', 'GET /health/live\r\nHost: lab\r\n\r\n'],
    ['of HTTP/0.9 alone', 'GET /health/live\r\n\r\n'],
    ['of HTTP/1.2', 'GET /health/live HTTP/1.2\r\nHost: lab\r\n\r\n'],
    ['of HTTP/2.0', 'GET /health/live HTTP/2.0\r\nHost: lab\r\n\r\n'],
    ['of another protocol', 'GET /health/live XTTP/1.1\r\nHost: lab\r\n\r\n'],
    ['that begins HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['with tabs', 'GET\t/health/live\tHTTP/1.1\r\nHost: lab\r\n\r\n'],
    ['with a space at its end', 'GET /health/live HTTP/1.1 \r\nHost: lab\r\n\r\n'],
    ['with a method in small letters', 'get /health/live HTTP/1.1\r\nHost: lab\r\n\r\n'],
    ['with a method nobody knows', 'BREW /health/live HTTP/1.1\r\nHost: lab\r\n\r\n'],
    ['ended by a bare LF', 'GET /health/live HTTP/1.1\nHost: lab\r\n\r\n'],
    ['ended by a bare CR', 'GET /health/live HTTP/1.1\rHost: lab\r\r'],
    ['with a NUL', 'GET /health\x00/live HTTP/1.1\r\nHost: lab\r\n\r\n'],
    ['with a target beyond ASCII', 'GET /health/l\xefve HTTP/1.1\r\nHost: lab\r\n\r\n'],
    ['with a relative target', 'GET health/live HTTP/1.1\r\nHost: lab\r\n\r\n'],
    ['that is TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s is refused', (_what, bytes) => expectRefusal(bytes, 400, 'malformed_request'));

  it.each([9_000, 20_000])('with a target of %d bytes is refused as such', async (length) => {
    const text = await sendRaw(
      gateway.port,
      `GET /${'a'.repeat(length)} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 414 /);
    expect(text).toContain('"code":"target_too_long"');
  });
});

describe('a body on GET (RFC 9110 section 9.3.1)', () => {
  it.each([
    [
      'of a length',
      () => `GET /api/v1/pipelines HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\nContent-Length: 5\r\n\r\nhello`,
    ],
    [
      'of chunks',
      () =>
        `GET /api/v1/pipelines HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\n${CHUNKED}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      'with unclear framing',
      () =>
        `GET /api/v1/pipelines HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\nContent-Length: 5\r\n${CHUNKED}\r\n\r\n0\r\n\r\n`,
    ],
  ])('%s is refused and reaches no backend', async (_what, bytes) => {
    const text = await sendRaw(gateway.port, bytes());
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(gateway.backends.calls).toEqual([]);
  });
});

describe('a broken message behind a good one', () => {
  it('does not keep the good one from its answer', async () => {
    const good = `GET /api/v1/execution/jobs/job_1 HTTP/1.1\r\nHost: lab\r\nAuthorization: ${bearer}\r\n\r\n`;
    gateway.backends.handle = (_request, response) => {
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'), 100);
    };
    const text = await sendRaw(gateway.port, `${good}NONSENSE\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toContain('{"ok":true}');
    expect(gateway.backends.calls).toHaveLength(1);
  });
});

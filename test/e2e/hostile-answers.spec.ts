import { codeOf, field, finalAnswer, HostileGateway, ok } from '../support/hostile-gateway.js';

let subject: HostileGateway;

beforeAll(async () => {
  subject = await HostileGateway.boot();
});
afterAll(() => subject.close());
beforeEach(() => {
  subject.backend.reset();
});

/** Answers the first request with these bytes, then closes its side, and every later one with `next`. */
function answerFirst(bytes: string, ends = true): void {
  const { backend } = subject;
  backend.answer = (connection) => {
    backend.answer = (other) => {
      other.say(ok('next'));
    };
    connection.say(bytes);
    if (ends) connection.socket.end();
  };
}

/** The next clients are answered over a connection of their own, where nothing of the last answer is left. */
async function expectFreshConnection(): Promise<void> {
  for (let client = 0; client < 2; client += 1) {
    expect(await subject.ask()).toMatchObject({ status: 200, body: 'next', rest: '' });
  }
  expect(subject.backend.connections.map(({ heads }) => heads.length)).toEqual([1, 2]);
}

const body = 'Content-Length: 6\r\n\r\nsecret';
const line = (text: string): string => `${text}\r\n${body}`;
const withField = (text: string): string => line(`HTTP/1.1 200 OK\r\n${text}`);
const withLength = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text}\r\n\r\nsecret`;
const withCoding = (text: string): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${text}\r\n\r\n6\r\nsecret\r\n0\r\n\r\n`;

/** What came, the section of the standard it offends, and the bytes. */
type Case = readonly [what: string, section: string, bytes: string];

const FRAMING: readonly Case[] = [
  ...[
    '6\r\nContent-Length: 7',
    '6\r\nContent-Length: 6',
    '6, 6',
    '6,7',
    '+6',
    '-6',
    '0x6',
    '6 6',
    '6a',
    '6;',
    '',
    '1e1',
  ].map((text): Case => [`a length of ${JSON.stringify(text)}`, 'RFC 9112 section 6.3', withLength(text)]),
  ...['99999999999999999999', '18446744073709551622'].map((text): Case => [
    `a length of ${text}`,
    'RFC 9110 section 8.6',
    withLength(text),
  ]),
  ...['chunked\r\nContent-Length: 6', 'chunked\r\nContent-Length: 0'].map((text): Case => [
    'a length after chunks',
    'RFC 9112 section 6.3',
    withCoding(text),
  ]),
  ['a length before chunks', 'RFC 9112 section 6.3', withLength('6\r\nTransfer-Encoding: chunked')],
  ...[
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'identity',
    'xchunked',
    'chunked, chunked',
    '',
    '\x0bchunked',
    'chunked;q=1',
  ].map((text): Case => [`a transfer coding of ${JSON.stringify(text)}`, 'RFC 9112 section 6.1', withCoding(text)]),
  ...['chunked\r\nTransfer-Encoding: chunked', 'gzip\r\nTransfer-Encoding: chunked'].map((text): Case => [
    'two transfer codings',
    'RFC 9112 section 6.1',
    withCoding(text),
  ]),
];

const FIELDS: readonly Case[] = [
  ...['a\0b', 'a\rb', 'a\nb', 'a\r b', 'a\x01b', 'a\x7fb'].map((text): Case => [
    `a value of ${JSON.stringify(text)}`,
    'RFC 9110 section 5.5',
    withField(`X-A: ${text}`),
  ]),
  ...['a\r\n b', 'a\r\n\tb'].map((text): Case => [
    `a folded value ${JSON.stringify(text)}`,
    'RFC 9112 section 5.2',
    withField(`X-A: ${text}`),
  ]),
  ...[
    'X A: 1',
    'X-A : 1',
    'X-A\t: 1',
    ': 1',
    'X-A',
    ' X-A: 1',
    '\tX-A: 1',
    'X\0A: 1',
    'X\xe9: 1',
    'X(A): 1',
    '"X": 1',
  ].map((text): Case => [`a field line ${JSON.stringify(text)}`, 'RFC 9112 section 5.1', withField(text)]),
  ['lines that end with LF alone', 'RFC 9112 section 2.2', 'HTTP/1.1 200 OK\nContent-Length: 6\n\nsecret'],
  ['1 MB of fields', 'RFC 9110 section 5.4', withField(`${`X-A: ${'a'.repeat(1_000)}\r\n`.repeat(1_000)}X-B: b`)],
  ['one field of 1 MB', 'RFC 9110 section 5.4', withField(`X-A: ${'a'.repeat(1_000_000)}`)],
  ['5,000 fields of one letter', 'RFC 9110 section 5.4', withField(`${'a:\r\n'.repeat(4_999)}a:`)],
];

const STATUS_LINES: readonly Case[] = [
  ...[
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 600 OK',
    'HTTP/1.1 999 OK',
    'HTTP/1.1 -200 OK',
    'HTTP/1.1  200 OK',
  ].map((text): Case => [JSON.stringify(text), 'RFC 9110 section 15', line(text)]),
  ...[
    'HTTP/9.9 200 OK',
    'HTTP/1.2 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1\t200 OK',
    ' HTTP/1.1 200 OK',
    'ICY 200 OK',
  ].map((text): Case => [JSON.stringify(text), 'RFC 9112 section 4', line(text)]),
  ['a body without a head (HTTP/0.9)', 'RFC 9112 section 2.1', '<html>secret</html>'],
  ['another protocol (SSH)', 'RFC 9112 section 2.1', 'SSH-2.0-OpenSSH_9.2 secret\r\n'],
  ['another protocol (TLS)', 'RFC 9112 section 2.1', '\x15\x03\x01\x00\x02\x02\x28secret'],
  ['17 interim answers', 'RFC 9110 section 15.2', `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(17)}${ok('secret')}`],
];

describe('an answer that is none', () => {
  it.each([...FRAMING, ...FIELDS, ...STATUS_LINES])('(%s, %s) is a 502', async (_what, _section, bytes) => {
    answerFirst(bytes);
    const client = await subject.open();
    const answer = await finalAnswer(client);
    expect([answer?.status, answer?.whole, codeOf(answer)]).toEqual([502, true, 'upstream_bad_response']);
    expect(client.received).not.toContain('secret');
    await expectFreshConnection();
  });
});

const withChunks = (text: string): string => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${text}`;

const BODIES: readonly Case[] = [
  ...[
    'zz\r\nok',
    '2\nok\r\n0\r\n\r\n',
    '-2\r\nok',
    '0x2\r\nok',
    'FFFFFFFFFFFFFFFFF\r\nok',
    '\r\nok',
    ' 2\r\nok',
    '2 \r\nok',
    '2;a\rb\r\nok',
  ].map((text): Case => [
    `a chunk ${JSON.stringify(text)}`,
    'RFC 9112 section 7.1',
    withChunks(`2\r\nab\r\n${text}\r\n0\r\n\r\n`),
  ]),
  ...['2\r\nokk\r\n0\r\n\r\n', '2\r\nok\n0\r\n\r\n', '2\r\nok0\r\n\r\n'].map((text): Case => [
    `a chunk longer than told ${JSON.stringify(text)}`,
    'RFC 9112 section 7.1',
    withChunks(text),
  ]),
  ...[
    '2\r\nok\r\n0\r\nX-T : 1\r\n\r\n',
    '2\r\nok\r\n0\r\nX-T: a\0b\r\n\r\n',
    `2\r\nok\r\n0\r\n${'a: b\r\n'.repeat(20_000)}\r\n`,
  ].map((text): Case => ['a bad trailer section', 'RFC 9112 section 7.1.2', withChunks(text)]),
  ['chunks without a last one', 'RFC 9112 section 8', withChunks('2\r\nok\r\n')],
  ['half a chunk', 'RFC 9112 section 8', withChunks('5\r\nok')],
  ['a last chunk without its end', 'RFC 9112 section 8', withChunks('2\r\nok\r\n0\r\n')],
  ['fewer bytes than told', 'RFC 9112 section 8', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok'],
];

describe('an answer that goes wrong after its head', () => {
  it.each(BODIES)('(%s, %s) is never a whole one', async (_what, _section, bytes) => {
    answerFirst(bytes);
    const answer = await subject.ask();
    expect([answer?.status, answer?.whole]).toEqual([200, false]);
    await expectFreshConnection();
  });

  it.each(['1.1', '1.0'])('is not whole to a client of HTTP/%s either (RFC 9112 section 8)', async (version) => {
    subject.backend.answer = (connection) => {
      connection.say(withChunks('2\r\nok\r\n'));
      setTimeout(() => connection.socket.destroy(), 50);
    };
    const client = await subject.open({ version });
    const answer = await finalAnswer(client);
    // HTTP/1.0 knows no chunks: only a reset tells such a client that the answer is not whole.
    if (version === '1.0') expect(client.failure?.code).toBe('ECONNRESET');
    else expect([answer?.body, answer?.whole]).toEqual(['ok', false]);
  });
});

describe('an answer that ends with its connection', () => {
  it('is whole when the backend closes (RFC 9112 section 6.3)', async () => {
    answerFirst('HTTP/1.1 200 OK\r\n\r\nall of it');
    expect(await subject.ask()).toMatchObject({ status: 200, body: 'all of it', whole: true });
    await expectFreshConnection();
  });

  it('is not whole when the connection breaks (RFC 9112 section 8)', async () => {
    subject.backend.answer = (connection) => {
      subject.backend.answer = (other) => {
        other.say(ok('next'));
      };
      connection.say('HTTP/1.1 200 OK\r\n\r\nhalf of it');
      setTimeout(() => connection.socket.resetAndDestroy(), 50);
    };
    expect(await subject.ask()).toMatchObject({ status: 200, body: 'half of it', whole: false });
    await expectFreshConnection();
  });
});

describe('more than one answer to one request', () => {
  const SURPLUS = [
    ['bytes that are no HTTP', 'secret'],
    ['a second answer', ok('secret')],
    ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ] as const;

  it.each(SURPLUS)('(%s at once) reaches nobody (RFC 9112 section 9.2)', async (_what, surplus) => {
    answerFirst(`${ok('mine')}${surplus}`, false);
    expect(await subject.ask()).toMatchObject({ status: 200, body: 'mine', whole: true, rest: '' });
    await expectFreshConnection();
  });

  it.each(SURPLUS)('(%s a moment later) reaches nobody (RFC 9112 section 9.2)', async (_what, surplus) => {
    answerFirst(ok('mine'), false);
    expect(await subject.ask()).toMatchObject({ body: 'mine', rest: '' });
    subject.backend.last?.say(surplus);
    await expectFreshConnection();
  });
});

describe('an answer without a body', () => {
  it.each([
    ['204', 'HTTP/1.1 204 No Content\r\n\r\nsecret'],
    ['204 with a length', `HTTP/1.1 204 No Content\r\n${body}`],
    ['204 in chunks', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n'],
    ['304', 'HTTP/1.1 304 Not Modified\r\n\r\nsecret'],
    ['304 with a length', `HTTP/1.1 304 Not Modified\r\n${body}`],
    ['304 in chunks', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n'],
  ])('(%s) that has one all the same ends with its head (RFC 9112 section 6.3)', async (_what, bytes) => {
    answerFirst(bytes, false);
    expect(await subject.ask()).toMatchObject({ whole: true, rest: '' });
    await expectFreshConnection();
  });

  it('to HEAD that has one all the same ends with its head (RFC 9110 section 9.3.2)', async () => {
    answerFirst(ok('secret'), false);
    const answer = await subject.ask({ method: 'HEAD' });
    expect([answer?.status, field(answer, 'content-length'), answer?.rest]).toEqual([200, ['6'], '']);
    await expectFreshConnection();
  });
});

describe('an interim answer', () => {
  it.each(['102 Processing', '103 Early Hints\r\nLink: </style.css>'])(
    'of %s goes by; the final one is passed on (RFC 9110 section 15.2)',
    async (interim) => {
      answerFirst(`HTTP/1.1 ${interim}\r\n\r\n${ok('final')}`, false);
      const client = await subject.open();
      expect(await finalAnswer(client)).toMatchObject({ status: 200, body: 'final', whole: true });
      expect(client.received).not.toMatch(/ 10\d /);
    },
  );

  it.each([
    ['100, which nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['101, which nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['101 with an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ])('of %s is a 502 (RFC 9110 section 15.2.2)', async (_what, interim) => {
    answerFirst(`${interim}${ok('secret')}`, false);
    const client = await subject.upload(['Content-Length: 4'], 'body');
    const answer = await finalAnswer(client);
    expect([answer?.status, answer?.whole]).toEqual([502, true]);
    expect(client.received).not.toContain('secret');
    await expectFreshConnection();
  });
});

import { gzipSync } from 'node:zlib';
import { field, finalAnswer, HostileGateway, ok } from '../support/hostile-gateway.js';
import { until } from '../support/until.js';

const DOWNLOAD = '/api/v1/results/download/abc';
let subject: HostileGateway;

beforeAll(async () => {
  subject = await HostileGateway.boot();
});
afterAll(() => subject.close());
beforeEach(() => {
  subject.backend.reset();
});

function answer(head: readonly string[], body: string | Buffer = ''): void {
  subject.backend.answer = (connection) => {
    connection.say(`${head.join('\r\n')}\r\n\r\n`);
    connection.say(body);
  };
}
/** Fields of the request as the backend got it. */
const sent = (name: string): string[] =>
  [...(subject.backend.last?.head ?? '').matchAll(new RegExp(`^${name}: *(.*)$`, 'gim'))].map(
    ([, value]) => value ?? '',
  );

describe('a range', () => {
  it('is asked for and answered as it is (RFC 9110 section 14)', async () => {
    answer(['HTTP/1.1 206 Partial Content', 'Content-Range: bytes 2-5/10', 'Content-Length: 4', 'ETag: "v1"'], '2345');
    const partial = await subject.ask({ path: DOWNLOAD, fields: ['Range: bytes=2-5', 'If-Range: "v1"'] });
    expect([sent('range'), sent('if-range')]).toEqual([['bytes=2-5'], ['"v1"']]);
    expect(partial).toMatchObject({ status: 206, body: '2345', whole: true, chunked: false });
    expect([field(partial, 'content-range'), field(partial, 'etag')]).toEqual([['bytes 2-5/10'], ['"v1"']]);
  });

  it('of several parts passes byte by byte (RFC 9110 section 14.6)', async () => {
    const parts = [
      '--b',
      'Content-Range: bytes 0-0/9',
      '',
      'a',
      '--b',
      'Content-Range: bytes 8-8/9',
      '',
      'i',
      '--b--',
      '',
    ];
    const body = parts.join('\r\n');
    const type = 'multipart/byteranges; boundary=b';
    answer(['HTTP/1.1 206 Partial Content', `Content-Type: ${type}`, `Content-Length: ${body.length}`], body);
    const partial = await subject.ask({ path: DOWNLOAD, fields: ['Range: bytes=0-0,8-8'] });
    expect([partial?.body, field(partial, 'content-type'), partial?.whole]).toEqual([body, [type], true]);
  });

  it('that cannot be satisfied is answered as it is (RFC 9110 section 15.5.17)', async () => {
    answer(['HTTP/1.1 416 Range Not Satisfiable', 'Content-Range: bytes */10', 'Content-Length: 0']);
    const refused = await subject.ask({ path: DOWNLOAD, fields: ['Range: bytes=99-'] });
    expect([refused?.status, field(refused, 'content-range')]).toEqual([416, ['bytes */10']]);
  });
});

describe('framing', () => {
  it('by length stays by length (RFC 9112 section 6.2)', async () => {
    answer(['HTTP/1.1 200 OK', 'Content-Length: 300000'], 'x'.repeat(300_000));
    const download = await subject.ask({ path: DOWNLOAD });
    expect(download).toMatchObject({ chunked: false, whole: true });
    expect([field(download, 'content-length'), field(download, 'transfer-encoding')]).toEqual([['300000'], []]);
  });

  it.each([
    ['Content-Length: 5', 'bytes', [['5'], []]],
    ['Content-Length: 0', '', [['0'], []]],
    ['Transfer-Encoding: chunked', '5\r\nbytes\r\n0\r\n\r\n', [[], ['chunked']]],
  ])('of an upload by %s stays so', async (framing, body, expected) => {
    subject.backend.answer = (connection) => {
      void until(() => connection.requestIsWhole).then(() => {
        connection.say(ok('ok'));
      });
    };
    expect(await finalAnswer(await subject.upload([framing], body))).toMatchObject({ status: 200 });
    expect([sent('content-length'), sent('transfer-encoding')]).toEqual(expected);
  });
});

describe('an answer without a body', () => {
  it('to HEAD tells what GET would (RFC 9110 section 9.3.2)', async () => {
    answer(['HTTP/1.1 200 OK', 'Content-Length: 12345', 'ETag: "v1"', 'Accept-Ranges: bytes']);
    const head = await subject.ask({ method: 'HEAD', path: DOWNLOAD });
    expect(subject.backend.last?.head).toMatch(/^HEAD \/download\/abc HTTP/);
    expect([head?.status, field(head, 'content-length'), field(head, 'accept-ranges'), head?.rest]).toEqual([
      200,
      ['12345'],
      ['bytes'],
      '',
    ]);
  });

  it('of 204 has neither length nor chunks (RFC 9110 section 8.6)', async () => {
    answer(['HTTP/1.1 204 No Content', 'Content-Length: 0', 'X-Kept: yes']);
    const none = await subject.ask();
    expect([none?.status, field(none, 'x-kept'), none?.rest]).toEqual([204, ['yes'], '']);
    expect([field(none, 'content-length'), field(none, 'transfer-encoding')]).toEqual([[], []]);
  });

  it.each([[], ['Content-Length: 777']])(
    'of 304 keeps its validators %s (RFC 9110 section 15.4.5)',
    async (...length) => {
      answer(['HTTP/1.1 304 Not Modified', 'ETag: W/"v1"', 'Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT', ...length]);
      const same = await subject.ask({ path: DOWNLOAD, fields: ['If-None-Match: W/"v1"'] });
      expect(sent('if-none-match')).toEqual(['W/"v1"']);
      expect([same?.status, field(same, 'etag'), same?.rest]).toEqual([304, ['W/"v1"'], '']);
      expect(field(same, 'last-modified')).toEqual(['Wed, 01 Jan 2025 00:00:00 GMT']);
    },
  );
});

describe('trailers', () => {
  const CHUNKS = '2\r\nok\r\n0\r\nX-Checksum: abc\r\nSet-Cookie: a=1\r\n\r\n';

  it.each([[], ['TE: trailers']])(
    'are dropped, never made fields, also with %s (RFC 9110 section 6.5.1)',
    async (...te) => {
      answer(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Checksum'], CHUNKS);
      const whole = await subject.ask({ path: DOWNLOAD, fields: te });
      expect(whole).toMatchObject({ body: 'ok', whole: true, trailers: '', rest: '' });
      expect([field(whole, 'x-checksum'), field(whole, 'set-cookie'), field(whole, 'trailer')]).toEqual([[], [], []]);
      expect([sent('te'), sent('trailer')]).toEqual([[], []]);
    },
  );

  it('of an upload do not reach the backend', async () => {
    subject.backend.answer = (connection) => {
      void until(() => connection.requestIsWhole).then(() => {
        connection.say(ok('ok'));
      });
    };
    const upload = await subject.upload(['Transfer-Encoding: chunked'], '2\r\nok\r\n0\r\nX-User-Id: root\r\n\r\n');
    expect(await finalAnswer(upload)).toMatchObject({ status: 200 });
    expect(subject.backend.last?.bodyBytes).toBe('2\r\nok\r\n0\r\n\r\n'.length);
  });
});

describe('fields', () => {
  it('that are repeated stay apart and in order (RFC 9110 section 5.3)', async () => {
    answer([
      'HTTP/1.1 200 OK',
      'Set-Cookie: a=1; Path=/',
      'Warning: 1',
      'Set-Cookie: b=2, c',
      'Warning: 2',
      'Content-Length: 0',
    ]);
    const several = await subject.ask();
    expect(field(several, 'set-cookie')).toEqual(['a=1; Path=/', 'b=2, c']);
    expect(field(several, 'warning')).toEqual(['1', '2']);
  });

  it('of a content coding belong together, and no byte is coded anew (RFC 9110 section 8.4)', async () => {
    const body = gzipSync('plain '.repeat(100));
    const head = [
      'Content-Encoding: gzip',
      'ETag: "v1-gzip"',
      'Vary: Accept-Encoding',
      `Content-Length: ${body.length}`,
    ];
    answer(['HTTP/1.1 200 OK', ...head], body);
    const coded = await subject.ask({ path: DOWNLOAD, fields: ['Accept-Encoding: gzip;q=1.0, br;q=0.5'] });
    expect(sent('accept-encoding')).toEqual(['gzip;q=1.0, br;q=0.5']);
    expect(Buffer.from(coded?.body ?? '', 'latin1')).toEqual(body);
    expect([field(coded, 'content-encoding'), field(coded, 'etag')]).toEqual([['gzip'], ['"v1-gzip"']]);
    expect(field(coded, 'vary')).toEqual(expect.arrayContaining(['Accept-Encoding']));
  });

  it('ask for no content coding that the client did not (RFC 9110 section 12.5.3)', async () => {
    answer(['HTTP/1.1 200 OK', 'Content-Length: 2'], 'ok');
    await subject.ask();
    expect(sent('accept-encoding')).toEqual([]);
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])(
    'of %d is not followed; its place is told as clients see it (RFC 9110 section 10.2.2)',
    async (status) => {
      answer([
        `HTTP/1.1 ${status} Elsewhere`,
        `Location: ${subject.backend.url}/results/qc_2?a=b`,
        'Content-Length: 0',
      ]);
      const elsewhere = await subject.ask();
      expect([elsewhere?.status, field(elsewhere, 'location')]).toEqual([status, ['/api/v1/qc/results/qc_2?a=b']]);
      expect(subject.backend.connections.map(({ heads }) => heads.length)).toEqual([1]);
    },
  );

  it.each(['../relative', 'https://elsewhere.example/x'])('to %s passes as it is', async (location) => {
    answer(['HTTP/1.1 302 Found', `Location: ${location}`, 'Content-Length: 0']);
    expect(field(await subject.ask(), 'location')).toEqual([location]);
  });
});

import { codeOf, field, finalAnswer, HostileGateway, ok } from '../support/hostile-gateway.js';
import { until } from '../support/until.js';

const MAX_BYTES = 1_000;
const WINDOW_MS = 2_000;
let subject: HostileGateway;

beforeAll(async () => {
  subject = await HostileGateway.boot({
    UPLOAD_MAX_BYTES: String(MAX_BYTES),
    REQUEST_TIMEOUT_MS: String(WINDOW_MS),
    UPLOAD_MIN_BYTES_PER_SECOND: '10',
  });
});
afterAll(() => subject.close());
beforeEach(() => {
  subject.backend.reset();
});

const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

describe('an upload that has not told its length (RFC 9110 section 15.5.14)', () => {
  it('passes if it has just as many bytes as are allowed', async () => {
    subject.backend.answer = (connection) => {
      void until(() => connection.requestIsWhole).then(() => {
        connection.say(ok('kept'));
      });
    };
    const client = await subject.upload(['Transfer-Encoding: chunked'], `${chunk(MAX_BYTES)}0\r\n\r\n`);
    expect(await finalAnswer(client)).toMatchObject({ status: 200, body: 'kept' });
  });

  it.each([
    ['at once', [chunk(MAX_BYTES + 1)]],
    ['in its last byte', [chunk(MAX_BYTES), chunk(1)]],
    ['piece by piece', Array.from({ length: 30 }, () => chunk(50))],
  ])('is refused when it grows too large %s, and its connections close', async (_when, pieces) => {
    const client = await subject.upload(['Transfer-Encoding: chunked'], chunk(1));
    await until(() => subject.backend.last?.bodyBytes !== undefined && subject.backend.last.bodyBytes > 0);
    for (const piece of pieces) {
      client.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const refused = await finalAnswer(client);
    expect([refused?.status, codeOf(refused), refused?.whole]).toEqual([413, 'body_too_large', true]);
    expect(field(refused, 'connection')).toEqual(['close']);
    await until(() => subject.backend.last?.closed === true);
    expect(subject.backend.connections).toHaveLength(1);
    expect(subject.backend.last?.requestIsWhole).toBe(false);
  });

  it('is told so although it goes on sending (RFC 9112 section 9.6)', async () => {
    const client = await subject.upload(['Transfer-Encoding: chunked'], chunk(1));
    client.stopReading();
    client.send(chunk(MAX_BYTES));
    await until(() => subject.backend.last?.closed === true);
    for (let sent = 0; sent < 8; sent += 1) {
      client.send(chunk(1_048_576));
      await until(() => client.unsent === 0);
    }
    client.goOnReading();
    expect(codeOf(await finalAnswer(client))).toBe('body_too_large');
    expect(client.failure).toBeUndefined();
  });
});

describe('an upload slower than it may be (RFC 9110 section 15.5.9)', () => {
  it.each(['Content-Length: 500', 'Transfer-Encoding: chunked'])(
    'with %s is ended with 408, and the backend’s connection cut',
    async (framing) => {
      const client = await subject.upload([framing]);
      const timer = setInterval(() => client.send(framing.startsWith('C') ? 'x' : chunk(1)), 400);
      const refused = await finalAnswer(client);
      clearInterval(timer);
      expect([refused?.status, codeOf(refused), refused?.whole]).toEqual([408, 'request_timeout', true]);
      expect(field(refused, 'connection')).toEqual(['close']);
      await until(() => subject.backend.last?.closed === true);
      expect(subject.backend.last?.requestIsWhole).toBe(false);
    },
  );

  it('is left alone as long as its pace is right, however long it takes', async () => {
    subject.backend.answer = (connection) => {
      void until(() => connection.requestIsWhole, 20_000).then(() => {
        connection.say(ok('kept'));
      });
    };
    const client = await subject.upload(['Content-Length: 1000']);
    for (let sent = 0; sent < 20; sent += 1) {
      client.send('x'.repeat(50));
      await new Promise((resolve) => setTimeout(resolve, (1.5 * WINDOW_MS) / 20));
    }
    expect(await finalAnswer(client)).toMatchObject({ status: 200, body: 'kept' });
  });
});

describe('an upload that its service does not take', () => {
  it('is not held against the client', async () => {
    const patient = await HostileGateway.boot({ REQUEST_TIMEOUT_MS: '500', UPLOAD_MIN_BYTES_PER_SECOND: '100000' });
    try {
      patient.backend.answer = ({ socket }) => {
        socket.pause();
        setTimeout(() => socket.resume(), 2_000);
      };
      const client = await patient.upload([`Content-Length: ${16 * 1_048_576}`]);
      client.send(Buffer.alloc(16 * 1_048_576));
      await until(() => patient.backend.last?.requestIsWhole === true, 20_000);
      patient.backend.last?.say(ok('kept'));
      expect(await finalAnswer(client)).toMatchObject({ status: 200, body: 'kept' });
    } finally {
      await patient.close();
    }
  });
});

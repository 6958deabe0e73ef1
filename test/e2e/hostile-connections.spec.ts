import { codeOf, field, finalAnswer, HostileGateway, ok } from '../support/hostile-gateway.js';
import { parseAnswer } from '../support/raw-answer.js';
import type { BackendConnection } from '../support/hostile-backend.js';
import { eventually } from '../support/built-gateway.js';
import { until } from '../support/until.js';

const MIB = 1_048_576;
let subject: HostileGateway;

beforeAll(async () => {
  subject = await HostileGateway.boot({
    UPSTREAM_TIMEOUT_MS: '1500',
    UPSTREAM_IDLE_TIMEOUT_MS: '1500',
    BREAKER_OPEN_MS: '10',
  });
});
afterAll(() => subject.close());
// Breakers that the last test opened close again.
beforeEach(async () => {
  subject.backend.answer = (connection) => {
    connection.say(ok('sound'));
  };
  await eventually(
    async () => ((await upload())?.status === 200 && (await subject.ask())?.status === 200) || undefined,
  );
  subject.backend.reset();
});

/** Answers the nth request with the nth of these, and all later ones with the last. */
function answer(...answers: ((connection: BackendConnection) => void)[]): void {
  let count = 0;
  subject.backend.answer = (connection) => {
    answers[Math.min(count, answers.length - 1)]?.(connection);
    count += 1;
  };
}
const say = (bytes: string) => (connection: BackendConnection) => {
  connection.say(bytes);
};
const upload = async () => finalAnswer(await subject.upload(['Content-Length: 4'], 'body'));
const requests = (): number[] => subject.backend.connections.map(({ heads }) => heads.length);

describe('a connection', () => {
  it('is used for one request after the other', async () => {
    answer(say(ok('ok')));
    for (let client = 0; client < 3; client += 1) await subject.ask();
    expect(requests()).toEqual([3]);
  });

  it.each([
    ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a keep-alive hint of one second', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'],
  ])('is not used again after an answer with %s (RFC 9112 section 9.3)', async (_what, bytes) => {
    answer(say(bytes));
    for (let client = 0; client < 3; client += 1)
      expect(await subject.ask()).toMatchObject({ status: 200, body: 'ok' });
    expect(requests()).toEqual([1, 1, 1]);
  });

  it('that the backend closed while it was idle costs no client an error (RFC 9112 section 9.3.1)', async () => {
    answer(say(ok('ok')));
    await upload();
    subject.backend.last?.socket.destroy();
    expect(await upload()).toMatchObject({ status: 200 });
    expect(requests()).toEqual([1, 1]);
  });
});

describe('a connection that the backend closes while a request is on its way', () => {
  const closes = (connection: BackendConnection) => void connection.socket.destroy();
  const resets = (connection: BackendConnection) => void connection.socket.resetAndDestroy();

  it.each([
    ['closes', closes],
    ['resets', resets],
  ])('(%s) costs a GET no error: it is sent again (RFC 9110 section 9.2.2)', async (_how, ends) => {
    answer(say(ok('first')), ends, say(ok('second')));
    await subject.ask();
    expect(await subject.ask()).toMatchObject({ status: 200, body: 'second' });
    expect(requests()).toEqual([2, 1]);
  });

  it.each([
    ['closes', closes],
    ['resets', resets],
  ])('(%s) is a 502 to an upload: it is sent once (RFC 9110 section 9.2.2)', async (_how, ends) => {
    answer(say(ok('first')), ends, say(ok('second')));
    await upload();
    const refused = await upload();
    expect([refused?.status, codeOf(refused)]).toEqual([502, 'upstream_reset']);
    expect(requests()).toEqual([2]);
  });

  it.each(['', 'HTTP/1.1 2', 'HTTP/1.1 200 OK\r\nContent-Le', 'HTTP/1.1 103 Early Hints\r\n\r\n'])(
    'after %j is a 502 to an upload (RFC 9112 section 8)',
    async (bytes) => {
      answer((connection) => {
        connection.say(bytes);
        connection.socket.end();
      });
      expect(await upload()).toMatchObject({
        status: 502,
        whole: true,
      });
      expect(requests()).toEqual([1]);
    },
  );
});

describe('an answer that comes before the upload has ended', () => {
  const refusal =
    'HTTP/1.1 422 Unprocessable Content\r\nContent-Type: application/problem+json\r\nContent-Length: 13\r\n\r\n{"code":"no"}';

  it.each([
    ['with a length', 'Content-Length: 1000000', 'the first bytes'],
    ['in chunks', 'Transfer-Encoding: chunked', 'a\r\n0123456789\r\n'],
  ])(
    '(%s) is passed on, and neither connection is used again (RFC 9112 section 9.3)',
    async (_what, framing, begun) => {
      answer(say(refusal), say(ok('next')));
      const client = await subject.upload([framing], begun);
      const refused = await finalAnswer(client);
      expect(refused).toMatchObject({ status: 422, body: '{"code":"no"}', whole: true });
      expect(field(refused, 'connection')).toEqual(['close']);
      await until(() => subject.backend.connections[0]?.closed === true);
      expect(await subject.ask()).toMatchObject({ status: 200, body: 'next' });
      expect(requests()).toEqual([1, 1]);
    },
  );

  it('reaches a client that sends all it has before it reads (RFC 9112 section 9.6)', async () => {
    answer(say(refusal));
    const client = await subject.upload([`Content-Length: ${24 * MIB + 1}`], 'a');
    client.stopReading();
    await until(() => subject.backend.last?.closed === true);
    for (let sent = 0; sent < 24; sent += 1) {
      client.send(Buffer.alloc(MIB));
      await until(() => client.unsent === 0);
    }
    client.goOnReading();
    expect(await finalAnswer(client)).toMatchObject({ status: 422, whole: true });
    expect(client.failure).toBeUndefined();
  });

  it('hides no request that stands behind the upload (RFC 9112 section 9.6)', async () => {
    answer(say(refusal));
    const client = await subject.upload(['Content-Length: 10'], '01234');
    await until(() => client.ended);
    client.send(`56789GET /api/v1/results/download/abc HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(requests()).toEqual([1]);
    client.destroy();
  });

  it('may go on while the upload does, both to their ends', async () => {
    answer(say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n'));
    const client = await subject.upload(['Content-Length: 10'], '01234');
    await until(() => parseAnswer(client.received)?.body === 'early');
    client.send('56789');
    await until(() => subject.backend.last?.requestIsWhole === true);
    subject.backend.last?.say('5\r\n late\r\n0\r\n\r\n');
    expect(await finalAnswer(client)).toMatchObject({ body: 'early late', whole: true });
  });
});

/** Sends the same again and again, as fast as it is taken, until the gateway cuts it off. */
function flood(connection: BackendConnection, piece: string): void {
  const bytes = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)), 'latin1');
  const pump = (): void => {
    while (!connection.closed) if (!connection.socket.write(bytes)) return;
  };
  connection.socket.on('drain', pump);
  pump();
}

describe('a backend that never ends', () => {
  it('an error that is not for the client is cut off, and the client answered at once', async () => {
    answer((connection) => {
      connection.say('HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\n\r\n');
      flood(connection, '6\r\nsecret\r\n');
    });
    const client = await subject.upload(['Content-Length: 4'], 'body');
    const failed = await finalAnswer(client);
    expect([failed?.status, codeOf(failed)]).toEqual([500, 'upstream_error']);
    expect(client.received).not.toContain('secret');
    await until(() => subject.backend.last?.closed === true);
  });

  it('its status line is ended by the deadline', async () => {
    answer((connection) => {
      connection.say('HTTP/1.1 200 ');
      flood(connection, 'O');
    });
    expect(codeOf(await subject.ask())).toBe('upstream_timeout');
    await until(() => subject.backend.last?.closed === true);
  });

  it('a chunk’s extension is ended as silence is: nothing of the body comes', async () => {
    answer((connection) => {
      connection.say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n2;');
      flood(connection, 'a');
    });
    expect(await subject.ask()).toMatchObject({ status: 200, body: 'ok', whole: false });
    await until(() => subject.backend.last?.closed === true);
  });

  it('its answer is cut off when the client goes', async () => {
    answer((connection) => {
      connection.say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      flood(connection, '6\r\nalways\r\n');
    });
    const client = await subject.open();
    await client.receive(/always/);
    client.reset();
    await until(() => subject.backend.last?.closed === true);
  });
});

describe('a backend that dribbles', () => {
  it.each([
    ['its head byte by byte', 'HTTP/1.1 200 OK\r\nX-Filler: 0123456789\r\n'],
    ['interim answers', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(2)],
  ])('%s is ended by the deadline', async (_what, bytes) => {
    answer((connection) => {
      let at = 0;
      const timer = setInterval(() => {
        connection.say(bytes[at % bytes.length] ?? '');
        at += 1;
      }, 50);
      connection.socket.on('close', () => {
        clearInterval(timer);
      });
    });
    const late = await subject.ask();
    expect([late?.status, codeOf(late)]).toEqual([504, 'upstream_timeout']);
    await until(() => subject.backend.connections.every(({ closed }) => closed));
  });
});

import type { Socket } from 'node:net';
import { callTo, clientFor, RecordingSink } from '../../test/support/upstream-client.js';
import { httpUpstream, rawUpstream } from '../../test/support/loopback-upstream.js';
import { until } from '../../test/support/until.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Answers the nth request on any connection with the nth script; the last one goes on. */
function scripts(...answers: ((socket: Socket) => void)[]) {
  let count = 0;
  return rawUpstream((socket) => {
    socket.on('data', () => {
      answers[Math.min(count++, answers.length - 1)]?.(socket);
    });
  });
}

const say = (text: string) => (socket: Socket) => void socket.write(text);

describe('UpstreamClient: an answer', () => {
  it('reaches the sink as it came, less what is between the two servers', async () => {
    await using upstream = await httpUpstream((request, response) => {
      response.writeHead(201, ['ETag', '"x"', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Server', 'secret/1.0']);
      response.end(`${request.method} ${request.url} ${String(request.headers['x-a'])} ${request.headers.host}`);
    });
    await using subject = clientFor([`${upstream.url}/base`]);
    const sink = new RecordingSink();
    const summary = await subject.client.send(callTo({ path: '/r/1?x=%20', fields: ['X-A', 'é'] }), sink);
    expect(sink.status).toBe(201);
    expect(sink.text).toBe(`GET /base/r/1?x=%20 é 127.0.0.1:${upstream.port}`);
    expect(sink.ended).toBe(true);
    expect(sink.field('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(sink.field('server')).toEqual([]);
    expect(summary).toMatchObject({ service: 'qc', operation: 'qc.test', attempts: 1, status: 201 });
  });

  it('is the final one when informational answers come before it', async () => {
    await using upstream = await scripts(say(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}`));
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    await subject.client.send(callTo(), sink);
    expect([sink.status, sink.text]).toEqual([200, 'ok']);
  });

  it.each([
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
  ])('without a body is whole although it tells a length: %s %j', async (method, bytes) => {
    await using upstream = await scripts(say(bytes));
    await using subject = clientFor([upstream.url]);
    for (let call = 0; call < 6; call++) {
      const sink = new RecordingSink();
      await subject.client.send(callTo({ method }), sink);
      expect([sink.ended, sink.aborted]).toEqual([true, undefined]);
    }
    expect(subject.registry.of('qc')[0]?.breaker.kind).toBe('closed');
  });

  it('stops while the sink is full and goes on when it has drained', async () => {
    const size = 8 * 1024 * 1024;
    let taken = 0;
    await using upstream = await httpUpstream((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const pump = (): void => {
        while (taken < size) {
          taken += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', pump);
        }
        response.end();
      };
      pump();
    });
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    sink.full = true;
    const sending = subject.client.send(callTo(), sink);
    await until(() => sink.resume !== undefined);
    const before = sink.bytes;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sink.bytes).toBe(before);
    expect(taken).toBeLessThan(size);
    sink.full = false;
    sink.resume?.();
    await sending;
    expect(sink.bytes).toBe(size);
  });

  it('can be kept in memory, up to a bound', async () => {
    await using upstream = await httpUpstream((_request, response) => response.end('x'.repeat(1_000)));
    await using subject = clientFor([upstream.url]);
    const answer = await subject.client.fetch(callTo(), 1_000);
    expect([answer.status, answer.body.length]).toEqual([200, 1_000]);
    await expect(subject.client.fetch(callTo(), 999)).rejects.toMatchObject({ code: 'upstream_bad_response' });
  });

  it('to a redirect is passed on, not followed', async () => {
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(307, { location: 'elsewhere' }).end();
    });
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    await subject.client.send(callTo(), sink);
    expect([sink.status, sink.field('location')]).toEqual([307, ['elsewhere']]);
  });
});

describe('UpstreamClient: a failure of the service', () => {
  it.each([500, 501, 503, 507])('with status %d is told without a word of the service', async (status) => {
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(status, { 'content-type': 'text/html', 'retry-after': '7' }).end('stack at /srv/secret.js');
    });
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    const failure = subject.client.send(callTo({ retry: 'never' }), sink);
    await expect(failure).rejects.toMatchObject({
      code: 'upstream_error',
      status,
      retryAfterSeconds: 7,
      summary: { attempts: 1, status },
    });
    expect([sink.status, sink.text]).toEqual([undefined, '']);
  });

  it('passes when it is a problem document', async () => {
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(507, { 'content-type': 'application/problem+json; charset=utf-8' }).end('{"code":"full"}');
    });
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    await subject.client.send(callTo(), sink);
    expect([sink.status, sink.text]).toEqual([507, '{"code":"full"}']);
  });

  it('leaves the connection fit for the next call', async () => {
    let count = 0;
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(count++ === 0 ? 500 : 200).end('x'.repeat(1_000));
    });
    await using subject = clientFor([upstream.url]);
    await expect(subject.client.fetch(callTo())).rejects.toMatchObject({ code: 'upstream_error' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await subject.client.fetch(callTo());
    expect(upstream.connections).toBe(1);
  });
});

describe('UpstreamClient: an answer that is none', () => {
  it.each([
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a space in a field name', 'HTTP/1.1 200 OK\r\nA B: 1\r\nContent-Length: 0\r\n\r\n'],
    ['too many fields', `HTTP/1.1 200 OK\r\n${'X-Filler: 0123456789\r\n'.repeat(2_000)}\r\n`],
  ])('(%s) is a bad response', async (_what, bytes) => {
    await using upstream = await scripts(say(bytes));
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    await expect(subject.client.send(callTo(), sink)).rejects.toMatchObject({ code: 'upstream_bad_response' });
    expect(sink.status).toBeUndefined();
    expect(upstream.connections).toBe(1);
  });

  it('cut in its body breaks the message to the client', async () => {
    await using upstream = await scripts((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 20);
    });
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    await subject.client.send(callTo(), sink);
    expect([sink.status, sink.text, sink.ended]).toEqual([200, 'half', false]);
    expect(sink.aborted?.code).toMatch(/^upstream_(reset|bad_response)$/);
  });

  it('cut in its chunks breaks the message to the client', async () => {
    await using upstream = await scripts((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
      setTimeout(() => socket.end(), 20);
    });
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    await subject.client.send(callTo(), sink);
    expect([sink.ended, sink.aborted?.code.startsWith('upstream_')]).toEqual([false, true]);
  });
});

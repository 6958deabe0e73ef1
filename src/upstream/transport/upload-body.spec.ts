import { createServer, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { bodySource } from '../../../test/support/body-source.js';
import { callTo, clientFor, RecordingSink } from '../../../test/support/upstream-client.js';
import {
  httpUpstream,
  rawUpstream,
  refusingUrl,
  type LoopbackUpstream,
} from '../../../test/support/loopback-upstream.js';
import { until } from '../../../test/support/until.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ResponseSink } from '../../kernel/exchange.js';

const MIB = 1_048_576;

/** A front server that forwards each request's body, as the gateway does, and tells how the call ended. */
async function frontOf(upstream: { readonly url: string }, idleTimeoutMs = 5_000) {
  const subject = clientFor([upstream.url]);
  const ends: unknown[] = [];
  const server = createServer((request, response) => {
    const length = request.headers['content-length'];
    const sink: ResponseSink = {
      head: (status, fields) => void response.writeHead(status, fields as string[]),
      write: (chunk) => response.write(chunk),
      onDrain: (resume) => void response.once('drain', resume),
      end: () => void response.end(),
      abort: () => void response.destroy(),
    };
    const fields = length === undefined ? [] : ['content-length', length];
    subject.client
      .send(
        callTo({ method: 'POST', retry: 'never', path: '/upload', fields, body: bodySource(request), idleTimeoutMs }),
        sink,
      )
      .then(({ status }) => ends.push(status))
      .catch(({ code, status }: { code: string; status: number }) => {
        ends.push(code);
        response.writeHead(status).end(code);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ends,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await subject[Symbol.asyncDispose]();
    },
  };
}

function post(port: number, options: RequestOptions = {}) {
  const request = httpRequest({ port, method: 'POST', path: '/', ...options });
  const answer = new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode, text });
      });
    });
  });
  return { request, answer };
}

const counting = (): Promise<LoopbackUpstream> =>
  httpUpstream((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => {
      response.end(`${bytes} ${request.headers['content-length']} ${request.headers['transfer-encoding']}`);
    });
  });

describe('a streamed body', () => {
  it('arrives whole, with the length it was announced with', async () => {
    await using upstream = await counting();
    await using front = await frontOf(upstream);
    const { request, answer } = post(front.port, { headers: { 'content-length': String(5 * MIB) } });
    Readable.from(Array.from({ length: 5 }, () => Buffer.alloc(MIB))).pipe(request);
    expect((await answer).text).toBe(`${5 * MIB} ${5 * MIB} undefined`);
  });

  it('arrives whole in chunks when its length is not known', async () => {
    await using upstream = await counting();
    await using front = await frontOf(upstream);
    const { request, answer } = post(front.port, { headers: { 'transfer-encoding': 'chunked' } });
    Readable.from(Array.from({ length: 5 }, () => Buffer.alloc(MIB))).pipe(request);
    expect((await answer).text).toBe(`${5 * MIB} undefined chunked`);
  });

  it('is not read faster than the service takes it', async () => {
    await using upstream = await httpUpstream(() => {});
    await using front = await frontOf(upstream);
    const { request, answer } = post(front.port, { headers: { 'content-length': String(256 * MIB) } });
    answer.catch(() => {});
    let written = 0;
    while (request.write(Buffer.alloc(MIB)) || (await drained(request))) written += 1;
    expect(written).toBeLessThan(64);
    request.destroy();
  });

  it('that is refused before its end lets the answer reach the client', async () => {
    await using upstream = await httpUpstream((request, response) => {
      request.once('data', () => response.writeHead(413, { 'content-type': 'application/json' }).end('{"code":"big"}'));
    });
    await using front = await frontOf(upstream);
    const { request, answer } = post(front.port, { headers: { 'content-length': String(16 * MIB) } });
    Readable.from(Array.from({ length: 16 }, () => Buffer.alloc(MIB))).pipe(request);
    expect(await answer).toEqual({ status: 413, text: '{"code":"big"}' });
    expect(front.ends).toEqual([413]);
  });

  it('that is refused by a service which closes at once lets the answer reach the client', async () => {
    await using upstream = await rawUpstream((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad');
      });
    });
    await using front = await frontOf(upstream);
    const { request, answer } = post(front.port, { headers: { 'transfer-encoding': 'chunked' } });
    request.write(Buffer.alloc(1_000));
    expect(await answer).toEqual({ status: 422, text: 'bad' });
    request.end();
  });

  it('whose service cannot be reached is not lost on the way to the problem', async () => {
    await using front = await frontOf({ url: await refusingUrl() });
    const { request, answer } = post(front.port, { headers: { 'content-length': '4' } });
    request.end('body');
    expect(await answer).toEqual({ status: 502, text: 'upstream_unreachable' });
  });

  it('that its client breaks off is broken off at the service, without blame', async () => {
    let broken = false;
    await using upstream = await httpUpstream((request) => {
      request.on('close', () => (broken = !request.complete));
    });
    await using front = await frontOf(upstream);
    const { request, answer } = post(front.port, { headers: { 'content-length': '1000' } });
    answer.catch(() => {});
    request.write('half');
    await until(() => upstream.connections === 1);
    request.destroy();
    await until(() => broken && front.ends.length === 1);
    expect(front.ends).toEqual(['client_gone']);
  });

  it('that falls silent is the client at fault', async () => {
    await using upstream = await httpUpstream((request) => void request.resume());
    await using front = await frontOf(upstream, 80);
    const { request, answer } = post(front.port, { headers: { 'content-length': '1000' } });
    request.write('half');
    expect(await answer).toEqual({ status: 408, text: 'request_timeout' });
    request.destroy();
  });

  it('that the service does not take is the service at fault', async () => {
    await using upstream = await rawUpstream((socket) => void socket.pause());
    await using front = await frontOf(upstream, 1_000);
    const { request, answer } = post(front.port, { headers: { 'content-length': String(256 * MIB) } });
    Readable.from(Array<Buffer>(256).fill(Buffer.alloc(MIB))).pipe(request);
    expect(await answer).toEqual({ status: 504, text: 'upstream_timeout' });
    request.destroy();
  });

  it('takes longer than the deadline for the head without harm', async () => {
    await using upstream = await counting();
    await using subject = clientFor([upstream.url]);
    const slow = Readable.from(trickle(6, 40));
    const sink = new RecordingSink();
    await subject.client.send(
      callTo({ method: 'POST', retry: 'never', body: bodySource(slow), timeoutMs: 120, idleTimeoutMs: 1_000 }),
      sink,
    );
    expect(sink.text).toBe('6 undefined chunked');
  });
});

async function* trickle(count: number, everyMs: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    yield Buffer.from('x');
  }
}

/** False if the stream does not drain within 200 ms. */
function drained(stream: NodeJS.WritableStream): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, 200);
    stream.once('drain', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

describe('a body that the edge breaks off', () => {
  it('tells the reason the edge gave', async () => {
    await using upstream = await counting();
    await using subject = clientFor([upstream.url]);
    const body = new Readable({ read: () => {} });
    body.push('x');
    const sending = subject.client.fetch(callTo({ method: 'POST', retry: 'never', body: bodySource(body) }));
    await until(() => upstream.connections === 1);
    body.destroy(new GatewayError('body_too_large'));
    await expect(sending).rejects.toMatchObject({ code: 'body_too_large' });
    expect(subject.registry.of('qc')[0]?.outstanding).toBe(0);
  });
});

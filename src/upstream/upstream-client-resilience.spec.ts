import type { Socket } from 'node:net';
import { assignUrls } from '../../test/support/assign-urls.js';
import { callTo, clientFor, RecordingSink } from '../../test/support/upstream-client.js';
import { httpUpstream, rawUpstream, refusingUrl } from '../../test/support/loopback-upstream.js';
import { until } from '../../test/support/until.js';
import { attemptFinished, type AttemptFinished } from '../kernel/events.js';
import { HangUp } from '../kernel/hang-up.js';

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

describe('UpstreamClient: deadlines', () => {
  it('end a call whose answer does not begin', async () => {
    await using upstream = await scripts(() => {});
    await using subject = clientFor([upstream.url]);
    await expect(subject.client.fetch(callTo({ timeoutMs: 80 }))).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('end an answer that falls silent', async () => {
    await using upstream = await scripts(say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    await subject.client.send(callTo({ idleTimeoutMs: 80 }), sink);
    expect([sink.text, sink.aborted?.code]).toEqual(['half', 'upstream_timeout']);
  });

  it('do not end an answer that goes on', async () => {
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(200);
      let left = 8;
      const timer = setInterval(() => {
        response.write('x');
        if (--left > 0) return;
        clearInterval(timer);
        response.end();
      }, 40);
    });
    await using subject = clientFor([upstream.url]);
    const answer = await subject.client.fetch(callTo({ timeoutMs: 150, idleTimeoutMs: 150 }));
    expect(answer.body.toString()).toBe('xxxxxxxx');
  });

  it('end an answer the client does not take', async () => {
    await using upstream = await httpUpstream((_request, response) => void response.end(Buffer.alloc(1_000_000)));
    await using subject = clientFor([upstream.url]);
    const sink = new RecordingSink();
    sink.full = true;
    await subject.client.send(callTo({ idleTimeoutMs: 80 }), sink);
    expect(sink.aborted?.code).toBe('client_gone');
    expect(subject.registry.of('qc')[0]?.breaker.kind).toBe('closed');
  });

  it('end a call to a host that does not let us connect', async () => {
    await using subject = clientFor(['http://192.0.2.1:9'], { connectTimeoutMs: 60_000 });
    await expect(subject.client.fetch(callTo({ timeoutMs: 80 }))).rejects.toMatchObject({
      code: expect.stringMatching(/^upstream_(timeout|unreachable)$/),
    });
    expect(subject.registry.of('qc')[0]?.outstanding).toBe(0);
  });
});

describe('UpstreamClient: a client that hangs up', () => {
  it('ends the call at the service, without blame', async () => {
    let closed = false;
    await using upstream = await httpUpstream((request) => {
      request.socket.on('close', () => (closed = true));
      hangUp.hangUp();
    });
    await using subject = clientFor([upstream.url]);
    const hangUp = new HangUp();
    await expect(subject.client.fetch(callTo({ hangUp }))).rejects.toMatchObject({ code: 'client_gone' });
    await until(() => closed);
    const [endpoint] = subject.registry.of('qc');
    expect([endpoint?.outstanding, endpoint?.breaker.kind]).toEqual([0, 'closed']);
  });

  it('before the call began costs the service nothing', async () => {
    await using upstream = await scripts(say(OK));
    await using subject = clientFor([upstream.url]);
    const hangUp = new HangUp();
    hangUp.hangUp();
    await expect(subject.client.fetch(callTo({ hangUp }))).rejects.toMatchObject({ code: 'client_gone' });
    expect(upstream.connections).toBe(0);
  });

  it('while we connect leaves a connection that the next call can use, and sends nothing on it', async () => {
    const seen: string[] = [];
    await using upstream = await httpUpstream((request, response) => {
      seen.push(request.url ?? '');
      response.end();
    });
    await using subject = clientFor([upstream.url]);
    const hangUp = new HangUp();
    const call = subject.client.fetch(callTo({ hangUp, path: '/abandoned' }));
    hangUp.hangUp();
    await expect(call).rejects.toMatchObject({ code: 'client_gone' });
    await until(() => upstream.connections === 1);
    await subject.client.fetch(callTo({ path: '/next' }));
    expect(seen).toEqual(['/next']);
    expect(upstream.connections).toBe(1);
  });

  it('in the middle of the answer ends it', async () => {
    await using upstream = await scripts(say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
    await using subject = clientFor([upstream.url]);
    const hangUp = new HangUp();
    const sink = new RecordingSink();
    const sending = subject.client.send(callTo({ hangUp }), sink);
    await until(() => sink.text === 'half');
    hangUp.hangUp();
    await sending;
    expect(sink.aborted?.code).toBe('client_gone');
  });
});

describe('UpstreamClient: retries', () => {
  const resets = (socket: Socket) => void socket.resetAndDestroy();

  it.each([
    ['GET', 'safe', 2, 200],
    ['HEAD', 'safe', 2, 200],
    ['PUT', 'safe', 2, 200],
    ['POST', 'never', 1, 'upstream_reset'],
  ] as const)('after a reset: %s declared %s is sent %d times and ends with %s', async (method, retry, times, end) => {
    let count = 0;
    await using upstream = await rawUpstream((socket) => {
      socket.once('data', () => (count++ === 0 ? resets(socket) : socket.write(OK)));
    });
    await using subject = clientFor([upstream.url]);
    const body = method === 'PUT' || method === 'POST' ? Buffer.from('{}') : undefined;
    const outcome = await subject.client.fetch(callTo({ method, retry, body })).then(
      ({ status }) => status,
      ({ code }: { code: string }) => code,
    );
    expect([count, outcome]).toEqual([times, end]);
  });

  it('go to another instance', async () => {
    await using upstream = await scripts(say(OK));
    await using subject = clientFor([await refusingUrl(), upstream.url]);
    const seen: AttemptFinished[] = [];
    const stop = attemptFinished.subscribe((event) => seen.push(event));
    for (let i = 0; i < 4; i++) await subject.client.fetch(callTo());
    stop();
    expect(seen.filter(({ error }) => error === 'upstream_unreachable').every(({ endpoint }) => endpoint === '0')).toBe(
      true,
    );
    expect(seen.filter(({ status }) => status === 200)).toHaveLength(4);
    expect(seen.some(({ attempt }) => attempt === 2)).toBe(true);
  });

  it('are made for any method when no connection was given the request', async () => {
    await using upstream = await scripts(say(OK));
    await using subject = clientFor([await refusingUrl(), upstream.url]);
    for (let i = 0; i < 3; i++) {
      const answer = await subject.client.fetch(callTo({ method: 'POST', retry: 'never', body: Buffer.from('x') }));
      expect(answer.status).toBe(200);
    }
  });

  it('end with what the last attempt met', async () => {
    await using subject = clientFor([await refusingUrl()]);
    await expect(subject.client.fetch(callTo())).rejects.toMatchObject({
      code: 'upstream_unreachable',
      summary: { attempts: 3 },
    });
  });

  it.each([
    [502, 2],
    [503, 2],
    [504, 2],
    [500, 1],
    [429, 1],
  ])('after an answer of %d there are %d attempts', async (status, attempts) => {
    let count = 0;
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(count++ === 0 ? status : 200).end('x');
    });
    await using subject = clientFor([upstream.url]);
    await subject.client.fetch(callTo()).catch(() => {});
    expect(count).toBe(attempts);
  });

  it('are not made when the service asks for a long wait', async () => {
    let count = 0;
    await using upstream = await httpUpstream((_request, response) => {
      count += 1;
      response.writeHead(503, { 'retry-after': '30' }).end();
    });
    await using subject = clientFor([upstream.url]);
    await expect(subject.client.fetch(callTo())).rejects.toMatchObject({ status: 503, retryAfterSeconds: 30 });
    expect(count).toBe(1);
  });

  it('are not waited for by a client that hangs up', async () => {
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(503, { 'retry-after': '2' }).end();
      setTimeout(() => hangUp.hangUp(), 50);
    });
    await using subject = clientFor([upstream.url]);
    const hangUp = new HangUp();
    const startedAt = performance.now();
    await expect(subject.client.fetch(callTo({ hangUp }))).rejects.toMatchObject({ code: 'client_gone' });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('UpstreamClient: endpoints that go away', () => {
  it('finish the calls they have, and get no others', async () => {
    const waiting: Socket[] = [];
    await using upstream = await scripts((socket) => void waiting.push(socket));
    await using subject = clientFor([upstream.url]);
    const call = subject.client.fetch(callTo());
    await until(() => waiting.length === 1);
    assignUrls(subject.registry, 'qc', []);
    await expect(subject.client.fetch(callTo())).rejects.toMatchObject({ code: 'no_endpoint' });
    waiting[0]?.write(OK);
    expect((await call).status).toBe(200);
  });

  it('at the shutdown break the calls they have, and nothing is sent twice', async () => {
    const waiting: Socket[] = [];
    await using upstream = await scripts((socket) => void waiting.push(socket));
    const subject = clientFor([upstream.url]);
    const call = subject.client.fetch(callTo({ method: 'POST', retry: 'never', body: Buffer.from('x') }));
    const failed = expect(call).rejects.toMatchObject({ code: 'upstream_reset' });
    await until(() => waiting.length === 1);
    await subject[Symbol.asyncDispose]();
    await failed;
    expect(waiting).toHaveLength(1);
  });
});

describe('UpstreamClient: protection', () => {
  it('refuses what is more than the bulkhead holds, and takes calls again after', async () => {
    const waiting: Socket[] = [];
    await using upstream = await scripts((socket) => void waiting.push(socket));
    await using subject = clientFor([upstream.url], { maxConcurrency: 2 });
    const first = [subject.client.fetch(callTo()), subject.client.fetch(callTo())];
    await until(() => waiting.length === 2);
    await expect(subject.client.fetch(callTo())).rejects.toMatchObject({ code: 'bulkhead_full', retryAfterSeconds: 1 });
    waiting.forEach((socket) => socket.write(OK));
    await Promise.all(first);
    const third = subject.client.fetch(callTo());
    await until(() => waiting.length === 3);
    waiting[2]?.write(OK);
    expect((await third).status).toBe(200);
  });

  it('stops calling an instance that fails, and calls it again after a while', async () => {
    let failing = true;
    await using upstream = await scripts((socket) => (failing ? socket.resetAndDestroy() : socket.write(OK)));
    await using subject = clientFor([upstream.url], { breakerOpenMs: 150 });
    for (let i = 0; i < 5; i++) {
      await expect(subject.client.fetch(callTo({ retry: 'never' }))).rejects.toMatchObject({ code: 'upstream_reset' });
    }
    const { connections } = upstream;
    await expect(subject.client.fetch(callTo())).rejects.toMatchObject({ code: 'breaker_open', status: 503 });
    expect(upstream.connections).toBe(connections);
    failing = false;
    await new Promise((resolve) => setTimeout(resolve, 160));
    expect((await subject.client.fetch(callTo())).status).toBe(200);
    expect(subject.registry.of('qc')[0]?.breaker.kind).toBe('closed');
  });

  it('says so when a service has no instance', async () => {
    await using subject = clientFor([]);
    await expect(subject.client.fetch(callTo())).rejects.toMatchObject({ code: 'no_endpoint', status: 503 });
  });

  it('spreads calls over the instances', async () => {
    const calls: string[] = [];
    const count = (name: string): void => void calls.push(name);
    await using a = await httpUpstream((_request, response) => void (count('a'), response.end()));
    await using b = await httpUpstream((_request, response) => void (count('b'), response.end()));
    await using subject = clientFor([a.url, b.url]);
    await Promise.all(Array.from({ length: 20 }, () => subject.client.fetch(callTo())));
    expect(calls.filter((name) => name === 'a')).toHaveLength(10);
    expect(calls.filter((name) => name === 'b')).toHaveLength(10);
  });
});

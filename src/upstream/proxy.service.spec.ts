import { httpUpstream } from '../../test/support/loopback-upstream.js';
import { clientFor, RecordingSink } from '../../test/support/upstream-client.js';
import { ANSWERED, type Exchange } from '../kernel/exchange.js';
import { HangUp } from '../kernel/hang-up.js';
import type { Principal } from '../kernel/principal.js';
import { OutboundIdentity } from './outbound-identity.js';
import { ProxyService } from './proxy.service.js';

class KnownIdentity extends OutboundIdentity {
  override fieldsFor(principal: Principal | undefined): Promise<readonly string[]> {
    return Promise.resolve(['x-user-id', principal?.userId ?? 'anonymous']);
  }
}

function exchangeOf(overrides: Partial<Exchange>): { exchange: Exchange; sink: RecordingSink } {
  const sink = new RecordingSink();
  const exchange: Partial<Exchange> = {
    id: 'request-1',
    traceparent: 't',
    method: 'GET',
    query: '',
    requestFields: [],
    requestHeaders: {},
    clientAddress: '192.0.2.7',
    protocol: 'http',
    host: 'api.lab.example',
    hangUp: new HangUp(),
    outlivesClient: false,
    sink,
    ...overrides,
  };
  return { exchange: exchange as Exchange, sink };
}

describe('ProxyService', () => {
  it('forwards method, path, query, fields and body and answers through the sink', async () => {
    await using upstream = await httpUpstream((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
      });
    });
    await using subject = clientFor([upstream.url]);
    const { exchange, sink } = exchangeOf({
      method: 'POST',
      query: 'a=%2B&a=2',
      requestFields: ['Content-Type', 'application/json', 'Authorization', 'Bearer secret', 'X-User-Id', 'forged'],
      body: Buffer.from('{"n":9007199254740993}'),
      principal: { userId: 'usr_1', username: 'ada', sessionId: 's', roles: [], projects: ['*'] },
    });
    const proxy = new ProxyService(subject.client, new KnownIdentity());
    expect(await proxy.forward(exchange, { service: 'qc', name: 'qc.analyze' }, '/analyze')).toBe(ANSWERED);
    const seen = JSON.parse(sink.text) as { headers: Record<string, string> };
    expect(seen).toMatchObject({ method: 'POST', url: '/analyze?a=%2B&a=2', body: '{"n":9007199254740993}' });
    expect(seen.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '22',
      'x-user-id': 'usr_1',
      'x-forwarded-prefix': '/api/v1/qc',
    });
    expect(seen.headers).not.toHaveProperty('authorization');
    expect(exchange.upstream).toMatchObject({ service: 'qc', operation: 'qc.analyze', attempts: 1, status: 200 });
  });

  it.each([
    ['GET', undefined, 2],
    ['POST', undefined, 1],
    ['POST', 'safe', 2],
    ['GET', 'never', 1],
  ] as const)('tries a failing %s declared %p %d times', async (method, retry, attempts) => {
    let count = 0;
    await using upstream = await httpUpstream((_request, response) => {
      response.writeHead(count++ === 0 ? 503 : 200).end();
    });
    await using subject = clientFor([upstream.url]);
    const { exchange } = exchangeOf({ method });
    const operation = { service: 'qc', name: 'qc.test', ...(retry === undefined ? {} : { retry }) } as const;
    await new ProxyService(subject.client, new KnownIdentity()).forward(exchange, operation, '/x').catch(() => {});
    expect(count).toBe(attempts);
    expect(exchange.upstream?.attempts).toBe(attempts);
  });

  it('sends nothing for a path that leaves the service', async () => {
    await using upstream = await httpUpstream((_request, response) => response.end());
    await using subject = clientFor([upstream.url]);
    const { exchange } = exchangeOf({});
    const proxy = new ProxyService(subject.client, new KnownIdentity());
    await expect(proxy.forward(exchange, { service: 'qc', name: 'qc.test' }, '//evil.example/')).rejects.toMatchObject({
      code: 'malformed_request',
    });
    expect(upstream.connections).toBe(0);
  });
});

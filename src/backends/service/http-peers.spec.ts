import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { systemClock } from './clock.js';
import { HttpPeers } from './http-peers.js';
import { IdentityTokens } from './identity-tokens.js';
import { TEST_IDENTITY_SECRET } from './testing/run-service.js';

const tokens = new IdentityTokens(TEST_IDENTITY_SECRET, systemClock);

describe('peers over HTTP', () => {
  let server: Server;
  let address: string;
  let answer: RequestListener;
  let peers: HttpPeers;
  beforeAll(async () => {
    server = createServer((request, response) => {
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    peers = new HttpPeers('qc', tokens, () => address);
  });
  afterEach(() => peers.close());
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const answering =
    (status: number, body: string): RequestListener =>
    (request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };

  it('speaks for the service itself or for the caller, and never as the gateway', async () => {
    const seen: unknown[] = [];
    answer = (request, response) => {
      void tokens.verify(request.headers['x-genoflow-identity'] as string).then(({ kind, userId, roles }) => {
        seen.push([request.url, kind, userId, roles]);
        response.end('{"a":1}');
      });
    };
    expect(await peers.json('ingestion', 'GET', '/upload/x')).toEqual({ a: 1 });
    const who = { userId: 'usr_1', username: 'u', sessionId: 's', roles: ['viewer'], projects: ['p1'] };
    await peers.json('ingestion', 'GET', '/y', { as: { ...who, kind: 'user' } });
    await peers.json('ingestion', 'GET', '/z', { as: { ...who, kind: 'gateway', userId: 'gateway', roles: [] } });
    expect(seen).toEqual([
      ['/upload/x', 'peer', 'service:qc', []],
      ['/y', 'user', 'usr_1', ['viewer']],
      ['/z', 'peer', 'gateway', []],
    ]);
  });

  it('passes on a refusal with its members', async () => {
    answer = answering(422, '{"type":"t","code":"mates_mismatch","detail":"No.","status":422,"record":7}');
    await expect(peers.json('ingestion', 'POST', '/x', { body: {} })).rejects.toMatchObject({
      status: 422,
      code: 'mates_mismatch',
      members: { record: 7 },
    });
  });

  it.each([
    ['an error of its own', 500, '{"code":"internal_error"}', 502],
    ['unavailable', 503, '{"code":"x"}', 503],
    ['that our identity is wrong', 401, '{"code":"identity_invalid"}', 502],
    ['nonsense', 200, '<html>', 502],
    ['a refusal without a code', 404, 'nope', 502],
  ])('does not pass on %s', async (_name, status, body, expected) => {
    answer = answering(status, body);
    await expect(peers.json('ingestion', 'GET', '/x')).rejects.toMatchObject({
      status: expected,
      code: 'peer_unavailable',
    });
  });

  it('is unavailable where nobody listens, and tries the next address', async () => {
    answer = answering(200, '{}');
    const away = new HttpPeers('qc', tokens, () => 'http://127.0.0.1:1');
    await expect(away.json('ingestion', 'GET', '/x')).rejects.toMatchObject({ status: 503, code: 'peer_unavailable' });
    await away.close();
    const two = new HttpPeers('qc', tokens, () => `http://127.0.0.1:1,${address}/base`);
    expect(await two.json('ingestion', 'GET', '/x')).toEqual({});
    await two.close();
  });

  it('streams both ways', async () => {
    answer = (request, response) => {
      request.pipe(response);
    };
    expect(await peers.upload('results', '/x', Readable.from([Buffer.from('{"n":'), Buffer.from('2}')]))).toEqual({
      n: 2,
    });
    answer = answering(200, 'bytes');
    const chunks: Buffer[] = [];
    for await (const chunk of await peers.download('ingestion', '/x')) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('bytes');
  });
});

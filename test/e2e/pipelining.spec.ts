import type { ServerResponse } from 'node:http';
import { exchangeClosed } from '../../src/kernel/events.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { RawClient } from '../support/raw-client.js';

let gateway: BootedGateway;
let bearer: string;
let client: RawClient;
let held: ServerResponse[];

beforeAll(async () => {
  gateway = await bootGateway({ RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000' });
  bearer = (await gateway.login()).authorization;
});
afterAll(() => gateway.close());
beforeEach(async () => {
  held = [];
  gateway.backends.seen.splice(0);
  gateway.backends.handle = (_request, response) => held.push(response);
  client = await RawClient.open(gateway.port);
});
afterEach(() => {
  held.forEach((response) => response.destroy());
  client.destroy();
});

const get = (id: string, ...fields: string[]): string =>
  [`GET /api/v1/execution/jobs/${id} HTTP/1.1`, 'Host: lab', `Authorization: ${bearer}`, ...fields, '', ''].join(
    '\r\n',
  );
const ids = (): string[] => gateway.backends.calls.map(({ url }) => url.slice('/jobs/'.length));
const answerNext = (body: string): void =>
  void held.shift()?.writeHead(200, { 'content-length': body.length }).end(body);

describe('pipelined requests (RFC 9112 section 9.3.2)', () => {
  it('are taken one after the other and answered in their order', async () => {
    client.send(get('one') + get('two') + get('three'));
    for (const [index, id] of ['one', 'two', 'three'].entries()) {
      await eventually(() => (held.length > 0 ? true : undefined));
      expect(ids()).toHaveLength(index + 1);
      answerNext(`<${id}>`);
    }
    expect((await client.receive(/<three>$/)).match(/<\w+>/g)).toEqual(['<one>', '<two>', '<three>']);
  });

  it('that wait when the client goes reach no backend, and every exchange ends', async () => {
    let closed = 0;
    const unsubscribe = exchangeClosed.subscribe(() => (closed += 1));
    client.send(get('one') + get('two') + get('three'));
    await eventually(() => (held.length > 0 ? true : undefined));
    client.destroy();
    await eventually(() => (closed > 0 ? true : undefined));
    unsubscribe();
    expect([ids(), closed]).toEqual([['one'], 1]);
  });

  it('behind one that closes the connection are not taken (RFC 9112 section 9.6)', async () => {
    client.send(get('-bad', 'Transfer-Encoding: gzip, chunked') + get('two'));
    const text = await client.untilEnded();
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 501']);
    expect(ids()).toEqual([]);
  });

  it('are answered before the garbage behind them', async () => {
    client.send(`${get('one')}${get('two')}NONSENSE\r\n\r\n`);
    await eventually(() => (held.length > 0 ? true : undefined));
    answerNext('<one>');
    await eventually(() => (held.length > 0 ? true : undefined));
    client.send('more nonsense');
    answerNext('<two>');
    const text = await client.untilEnded();
    expect(text.match(/HTTP\/1\.1 \d{3}|<\w+>/g)).toEqual([
      'HTTP/1.1 200',
      '<one>',
      'HTTP/1.1 200',
      '<two>',
      'HTTP/1.1 400',
    ]);
  });

  it('without end cost the client its connection', async () => {
    client.send(get('one') + 'GET /health/live HTTP/1.1\r\nHost: lab\r\n\r\n'.repeat(200));
    await client.untilEnded();
    expect(client.received).toBe('');
  });
});

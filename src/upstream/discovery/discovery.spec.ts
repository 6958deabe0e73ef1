import { createSocket, type Socket } from 'node:dgram';
import { httpUpstream } from '../../../test/support/loopback-upstream.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { callTo, registryFor, upstreamSettings } from '../../../test/support/upstream-client.js';
import { SystemClock } from '../../kernel/clock.js';
import { parseServiceAddress } from '../registry/endpoint-target.js';
import { UpstreamClient } from '../upstream-client.js';
import { Discovery } from './discovery.js';
import { NameResolver } from './name-resolver.js';

const A = 1;
const SRV = 33;

interface Answer {
  readonly type: number;
  readonly ttl: number;
  readonly data: Buffer;
}

/** A name server (RFC 1035) that gives the records it is told to; no records mean NXDOMAIN. */
async function nameServer(records: (type: number) => readonly Answer[]) {
  const socket: Socket = createSocket('udp4');
  let queries = 0;
  socket.on('message', (query, peer) => {
    queries += 1;
    let end = 12;
    while (query[end] !== 0) end += (query[end] ?? 0) + 1;
    const question = query.subarray(12, end + 5);
    const answers = records(query.readUInt16BE(end + 1));
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(answers.length > 0 ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(answers.length, 6);
    header.fill(0, 8);
    socket.send(Buffer.concat([header, question, ...answers.map(encoded)]), peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const resolver = new NameResolver();
  resolver.useServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolver,
    queries: () => queries,
    [Symbol.dispose]: () => void socket.close(),
  };
}

function encoded({ type, ttl, data }: Answer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

const address = (ip: string, ttl = 30): Answer => ({ type: A, ttl, data: Buffer.from(ip.split('.').map(Number)) });

function service(priority: number, port: number, host: string): Answer {
  const fixed = Buffer.alloc(6);
  fixed.writeUInt16BE(priority, 0);
  fixed.writeUInt16BE(port, 4);
  const labels = host.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return { type: SRV, ttl: 30, data: Buffer.concat([fixed, ...labels, Buffer.alloc(1)]) };
}

const named = (text: string) => {
  const parsed = parseServiceAddress(text);
  if (parsed.kind === 'static') throw new Error('no name');
  return parsed;
};

describe('NameResolver', () => {
  it('gives the addresses of a name and the shortest time they live', async () => {
    using server = await nameServer((type) => (type === A ? [address('127.0.0.9', 60), address('127.0.0.2', 7)] : []));
    const found = await server.resolver.resolve(named('dns+http://qc.lab.example:8002/base'));
    expect(found).toEqual({
      targets: [
        { origin: 'http://qc.lab.example:8002', basePath: '/base', address: '127.0.0.2' },
        { origin: 'http://qc.lab.example:8002', basePath: '/base', address: '127.0.0.9' },
      ],
      ttlMs: 7_000,
    });
  });

  it('asks the system for names only that one knows', async () => {
    using server = await nameServer(() => []);
    const found = await server.resolver.resolve(named('dns+http://localhost:8002'));
    expect(found?.targets.map((target) => target.address)).toContain('127.0.0.1');
  });

  it('takes the service records of the lowest priority', async () => {
    using server = await nameServer((type) =>
      type === SRV ? [service(1, 8001, 'a.example'), service(1, 8002, 'b.example'), service(2, 9, 'c.example')] : [],
    );
    const found = await server.resolver.resolve(named('srv+http://_http._tcp.qc.lab.example'));
    expect(found?.targets).toEqual([
      { origin: 'http://a.example:8001', basePath: '', serverName: 'qc.lab.example' },
      { origin: 'http://b.example:8002', basePath: '', serverName: 'qc.lab.example' },
    ]);
  });

  it('finds nothing where there is nothing', async () => {
    using server = await nameServer(() => []);
    expect(await server.resolver.resolve(named('srv+http://_http._tcp.nowhere.invalid'))).toBeUndefined();
    expect(await server.resolver.resolve(named('dns+http://nowhere.invalid'))).toBeUndefined();
  });
});

describe('Discovery', () => {
  function discoveryOf(resolver: NameResolver, url: string) {
    const { urls } = upstreamSettings().upstream;
    const settings = upstreamSettings({ urls: { ...urls, qc: url } });
    const registry = registryFor(settings);
    const clock = new ManualClock();
    const discovery = new Discovery(registry, clock, resolver);
    return {
      settings,
      registry,
      clock,
      discovery,
      async [Symbol.asyncDispose]() {
        discovery.onApplicationShutdown();
        await registry.onApplicationShutdown();
      },
    };
  }

  it('follows a name when its time to live has passed, and keeps what it knew when the lookup fails', async () => {
    let ips = ['127.0.0.2', '127.0.0.3'];
    using server = await nameServer((type) => (type === A ? ips.map((ip) => address(ip)) : []));
    await using subject = discoveryOf(server.resolver, 'dns+http://qc.nowhere.invalid:8002');
    const known = () => subject.registry.of('qc').map((endpoint) => endpoint.target.address);
    await subject.discovery.onModuleInit();
    expect(known()).toEqual(['127.0.0.2', '127.0.0.3']);
    ips = ['127.0.0.3', '127.0.0.4'];
    subject.clock.advance(29_999);
    await subject.discovery.refreshDue();
    expect(known()).toEqual(['127.0.0.2', '127.0.0.3']);
    subject.clock.advance(1);
    await subject.discovery.refreshDue();
    expect(known()).toEqual(['127.0.0.3', '127.0.0.4']);
    ips = [];
    subject.clock.advance(30_000);
    await subject.discovery.refreshDue();
    expect(known()).toEqual(['127.0.0.3', '127.0.0.4']);
  });

  it('connects to the address found and still names the host', async () => {
    await using upstream = await httpUpstream((request, response) => response.end(request.headers.host));
    using server = await nameServer((type) => (type === A ? [address('127.0.0.1')] : []));
    await using subject = discoveryOf(server.resolver, `dns+http://qc.nowhere.invalid:${upstream.port}`);
    await subject.discovery.onModuleInit();
    const client = new UpstreamClient(subject.registry, subject.settings, new SystemClock());
    const answer = await client.fetch(callTo());
    expect(answer.body.toString()).toBe(`qc.nowhere.invalid:${upstream.port}`);
  });
});

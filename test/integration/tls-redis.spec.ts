import { Redis } from 'ioredis';
import { SystemClock } from '../../src/kernel/clock.js';
import { tlsFilesRead } from '../../src/kernel/events.js';
import { readTlsFiles } from '../../src/kernel/tls/tls-files.js';
import { createRedisClient } from '../../src/state/redis-client.js';
import { RedisConnection } from '../../src/state/redis-connection.js';
import { readRedisTarget } from '../../src/state/redis-target.js';
import { RedisTls } from '../../src/state/redis-tls.js';
import { bootGateway } from '../support/boot-gateway.js';
import { PemFolder, TestAuthority, type TestCertificate } from '../support/certificates.js';
import { hasRedisServer } from '../support/private-redis.js';
import { startTlsClusterNode, startTlsRedis, startTlsSentinel, type TlsRedis } from '../support/tls-redis.js';
import { until, untilAsync } from '../support/until.js';

const RELOADED_WITHIN_MS = 20_000;

(hasRedisServer('Redis over TLS') ? describe : describe.skip)('Redis over TLS, with client certificates', () => {
  const folder = new PemFolder();
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let server: TestCertificate;
  const opened: TlsRedis[] = [];
  const connections: RedisConnection[] = [];
  const tlsOf: RedisTls[] = [];

  const track = async (starting: Promise<TlsRedis>): Promise<TlsRedis> => {
    const one = await starting;
    opened.push(one);
    return one;
  };
  const files = () => ({
    ca: folder.path('server-ca.crt'),
    cert: folder.path('server.crt'),
    key: folder.path('server.key'),
  });

  beforeAll(async () => {
    [authority, stranger] = [await TestAuthority.create(), await TestAuthority.create('Stranger')];
    server = await authority.issue();
  });
  beforeEach(async () => {
    folder.write('server-ca.crt', authority.cert);
    folder.write('ca.crt', authority.cert);
    folder.writePair('server', server);
    folder.writePair('client', await authority.issue({ names: ['gateway-1'] }));
  });
  afterEach(async () => {
    connections.splice(0).forEach((connection) => {
      connection.onApplicationShutdown();
    });
    tlsOf.splice(0).forEach((tls) => {
      tls.onApplicationShutdown();
    });
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  afterAll(() => {
    folder.remove();
  });

  const connect = (url: string, own = true): RedisConnection => {
    const clock = new SystemClock();
    const paths = {
      caFile: folder.path('ca.crt'),
      ...(own ? { certFile: folder.path('client.crt'), keyFile: folder.path('client.key') } : {}),
    };
    const { content } = readTlsFiles('redis', paths, clock.now());
    if (content === undefined) throw new Error('the files of the test are not valid');
    const tls = new RedisTls('redis', { files: paths, material: content }, clock);
    tls.onApplicationBootstrap();
    tlsOf.push(tls);
    const connection = new RedisConnection(createRedisClient(readRedisTarget(url), tls));
    connections.push(connection);
    return connection;
  };
  const works = async (connection: RedisConnection): Promise<void> => {
    await until(() => connection.available, 10_000);
    expect(await connection.ask((client) => client.set('genoflow:{t}:a', '1'))).toBe('OK');
    let following = false;
    const end = connection.follow('genoflow:test', {
      message: () => undefined,
      following: (stands) => (following = stands),
    });
    await until(() => following, 10_000);
    end();
  };
  const staysAway = async (connection: RedisConnection): Promise<void> => {
    await expect(until(() => connection.available, 1_500)).rejects.toThrow();
  };

  it('serves the gateway, its subscription included', async () => {
    const redis = await track(startTlsRedis(files()));
    await works(connect(`rediss://localhost:${redis.tlsPort}`));
    await works(connect(`rediss://127.0.0.1:${redis.tlsPort}`));
  });

  it('keeps a session that a gateway with these settings opened', async () => {
    const redis = await track(startTlsRedis(files()));
    const gateway = await bootGateway({
      REDIS_URL: `rediss://localhost:${redis.tlsPort}`,
      REDIS_CA_FILE: folder.path('ca.crt'),
      REDIS_CERT_FILE: folder.path('client.crt'),
      REDIS_KEY_FILE: folder.path('client.key'),
    });
    try {
      const headers = await gateway.login();
      expect((await fetch(`${gateway.url}/auth/me`, { headers })).status).toBe(200);
      const plain = new Redis(redis.plainPort);
      expect(await plain.keys('genoflow:session:*')).toHaveLength(1);
      plain.disconnect();
    } finally {
      await gateway.close();
    }
  });

  it.each<[string, () => Promise<void> | void, boolean]>([
    [
      'a certificate for another name',
      async () => void folder.writePair('server', await authority.issue({ names: ['other.example'] })),
      true,
    ],
    [
      'a certificate of an authority we do not trust',
      async () => void folder.writePair('server', await stranger.issue()),
      true,
    ],
    ['a wish for a certificate of ours, where we have none', () => undefined, false],
  ])('is away while it shows %s', async (_, prepare, own) => {
    await prepare();
    const redis = await track(startTlsRedis(files()));
    await staysAway(connect(`rediss://localhost:${redis.tlsPort}`, own));
  });

  it('gets the renewed certificate with the next connection, without a restart', async () => {
    const redis = await track(startTlsRedis(files()));
    const connection = connect(`rediss://localhost:${redis.tlsPort}`);
    await works(connection);
    const plain = new Redis(redis.plainPort);
    // From here on the server trusts only the stranger's clients, and shows the stranger's certificate.
    let changes = 0;
    const end = tlsFilesRead.subscribe(({ use, outcome }) => {
      if (use === 'redis' && outcome === 'changed') changes += 1;
    });
    folder.write('server-ca.crt', stranger.cert);
    folder.writePair('server', await stranger.issue());
    await plain.config(
      'SET',
      'tls-ca-cert-file',
      files().ca,
      'tls-cert-file',
      files().cert,
      'tls-key-file',
      files().key,
    );
    await plain.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(() => !connection.available);
    await staysAway(connection);
    folder.write('ca.crt', stranger.cert);
    folder.writePair('client', await stranger.issue({ names: ['gateway-2'] }));
    await until(() => changes > 0, RELOADED_WITHIN_MS);
    await until(() => connection.available, RELOADED_WITHIN_MS);
    end();
    plain.disconnect();
  }, 60_000);

  it('serves the gateway as a Cluster, whose nodes are known by the names they announce', async () => {
    folder.writePair('server', await authority.issue({ names: ['localhost'] }));
    const node = await track(startTlsClusterNode(files()));
    const plain = new Redis(node.plainPort);
    await plain.cluster('ADDSLOTSRANGE', 0, 16_383);
    await untilAsync(async () => String(await plain.cluster('INFO')).includes('cluster_state:ok'));
    plain.disconnect();
    await works(connect(`redis+cluster://localhost:${node.tlsPort}?tls=true`));
  });

  it('serves the gateway behind sentinels that speak TLS themselves', async () => {
    const master = await track(startTlsRedis(files()));
    const sentinel = await track(startTlsSentinel(files(), master.tlsPort));
    await works(connect(`redis+sentinel://127.0.0.1:${sentinel.tlsPort}/main?tls=true`));
  });
});

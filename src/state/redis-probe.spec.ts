import type { Cluster } from 'ioredis';
import { Redis } from 'ioredis';
import { openRedis } from '../../test/support/open-redis.js';
import { hasRedisServer, startClusterNode, type PrivateRedis } from '../../test/support/private-redis.js';
import { until, untilAsync } from '../../test/support/until.js';
import type { RedisConnection } from './redis-connection.js';

const suite = hasRedisServer('the probe of a Cluster') ? describe : describe.skip;

suite('a Cluster of one node', () => {
  let server: PrivateRedis;
  let plain: Redis;
  let connection: RedisConnection;

  beforeAll(async () => {
    server = await startClusterNode();
    plain = new Redis(server.url);
    await plain.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await untilAsync(async () => String(await plain.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    connection = await openRedis(server.url.replace('redis:', 'redis+cluster:'));
  });
  afterAll(async () => {
    connection.onApplicationShutdown();
    plain.disconnect();
    await server.close();
  });

  const readyNodes = (): number =>
    (connection.client as Cluster).nodes().filter(({ status }) => status === 'ready').length;

  it('is left alone while it is frozen, with all that was sent to it, and found again when it thaws', async () => {
    expect(readyNodes()).toBe(1);
    server.freeze();
    await until(() => !connection.available && readyNodes() === 0);
    server.thaw();
    await until(() => connection.available);
    expect(await connection.ask((client) => client.get('x'))).toBeNull();
  });

  it('is away while it says that its slots are not covered', async () => {
    await plain.call('CLUSTER', 'DELSLOTSRANGE', '0', '99');
    await until(() => !connection.available);
    await plain.call('CLUSTER', 'ADDSLOTSRANGE', '0', '99');
    await until(() => connection.available);
  });
});

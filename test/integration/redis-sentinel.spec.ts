import { Redis } from 'ioredis';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { hasRedisServer, type PrivateRedis } from '../support/private-redis.js';
import { startPrivateSentinels, type PrivateSentinels } from '../support/private-sentinels.js';
import { StoreClient } from '../support/store-requests.js';
import { untilAsync } from '../support/until.js';

const ANSWERED_WITHIN_MS = 3_000;
const FAILED_OVER_WITHIN_MS = 20_000;
const WELL_WITHIN_MS = 8_000;

(hasRedisServer('the gateway over Sentinel') ? describe : describe.skip)('over Sentinel, the gateway', () => {
  let redis: PrivateSentinels;
  let gateway: BootedGateway;

  beforeAll(async () => {
    redis = await startPrivateSentinels();
    gateway = await bootGateway({ REDIS_URL: redis.url, RATE_LIMIT_BURST: '2000' });
  });
  afterAll(async () => {
    await gateway.close();
    await redis.close();
  });

  /** Asks on and on until the answer has the status; none on the way may be late or a 500. */
  const until = (client: StoreClient, status: number, withinMs: number) =>
    eventually(async () => {
      const outcome = await client.ask('me');
      expect(outcome.ms).toBeLessThan(ANSWERED_WITHIN_MS);
      expect([200, 401, 503]).toContain(outcome.status);
      return outcome.status === status ? outcome : undefined;
    }, withinMs);

  const clientsOf = async ({ url }: PrivateRedis): Promise<number> => {
    const client = new Redis(url);
    const list = (await client.client('LIST')) as string;
    client.disconnect();
    return list.split('\n').filter((line) => line.includes('name=genoflow-gateway')).length;
  };

  it('lets no revoked session live again that the promoted replica had not heard the end of', async () => {
    const [left, stayed] = [new StoreClient(gateway), new StoreClient(gateway)];
    await Promise.all([left.logIn('analyst'), stayed.logIn('viewer')]);
    expect(await clientsOf(redis.first)).toBe(2);
    await untilAsync(() => holdsSessions(redis.second, 2));
    redis.second.freeze();
    expect((await left.ask('logout')).status).toBe(204);
    await redis.first.kill();
    redis.second.thaw();
    await eventually(
      async () => ((await redis.masterPort()) === redis.second.port ? true : undefined),
      FAILED_OVER_WITHIN_MS,
    );
    await until(stayed, 200, WELL_WITHIN_MS);
    expect((await left.ask('me')).code).toBe('session_ended');
    expect((await left.ask('refresh')).code).toBe('session_ended');
    await untilAsync(() => holdsSessions(redis.second, 1));
  }, 60_000);

  it('follows a master that is sent off, and a subscription goes with it', async () => {
    const client = await new StoreClient(gateway).logIn('clinician');
    await redis.first.start();
    await replicate(redis.first, redis.second);
    await eventually(async () => (await isReplica(redis.first)) || undefined, FAILED_OVER_WITHIN_MS);
    await eventually(async () => (await redis.failOver()) || undefined, FAILED_OVER_WITHIN_MS);
    await eventually(
      async () => ((await redis.masterPort()) === redis.first.port ? true : undefined),
      FAILED_OVER_WITHIN_MS,
    );
    await until(client, 200, WELL_WITHIN_MS);
    await eventually(async () => ((await clientsOf(redis.first)) === 2 ? true : undefined), WELL_WITHIN_MS);
    // With two sentinels frozen a new connection still finds its way, whichever it asks first.
    redis.sentinels.slice(0, 2).forEach((sentinel) => {
      sentinel.freeze();
    });
    for (let round = 0; round < 3; round += 1) {
      const killer = new Redis(redis.first.url);
      await killer.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      killer.disconnect();
      await until(client, 503, WELL_WITHIN_MS);
      await until(client, 200, WELL_WITHIN_MS);
    }
    redis.sentinels.forEach((sentinel) => {
      sentinel.thaw();
    });
  }, 60_000);
});

async function holdsSessions({ url }: PrivateRedis, count: number): Promise<boolean> {
  const client = new Redis(url);
  const keys = await client.keys('genoflow:session:*');
  client.disconnect();
  return keys.length === count;
}

/** The sentinels would see to it themselves, some ten seconds later. */
async function replicate({ url }: PrivateRedis, master: PrivateRedis): Promise<void> {
  const client = new Redis(url);
  await client.replicaof('127.0.0.1', master.port);
  client.disconnect();
}

async function isReplica({ url }: PrivateRedis): Promise<boolean> {
  const client = new Redis(url);
  const info = await client.info('replication');
  client.disconnect();
  return info.includes('role:slave') && info.includes('master_link_status:up');
}

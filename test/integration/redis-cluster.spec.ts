import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { stateStoreChanged, unexpectedFailure, type StateStoreChanged } from '../../src/kernel/events.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { startPrivateCluster, type PrivateCluster } from '../support/private-cluster.js';
import { hasRedisServer, type PrivateRedis } from '../support/private-redis.js';
import { StoreClient } from '../support/store-requests.js';

const ANSWERED_WITHIN_MS = 3_000;
const FAILED_OVER_WITHIN_MS = 20_000;
const WELL_WITHIN_MS = 8_000;

(hasRedisServer('the gateway over a Cluster') ? describe : describe.skip)('over a Redis Cluster, the gateway', () => {
  let redis: PrivateCluster;
  let gateways: [BootedGateway, BootedGateway];
  let changes: StateStoreChanged[] = [];
  let failures = 0;
  /** A signed-in user for each shard. */
  let users: [StoreClient, StoreClient, StoreClient];
  const ends = [
    stateStoreChanged.subscribe((change) => changes.push(change)),
    unexpectedFailure.subscribe(() => (failures += 1)),
  ];

  beforeAll(async () => {
    redis = await startPrivateCluster({ replicated: true, options: ['--cluster-require-full-coverage', 'no'] });
    const environment = {
      REDIS_URL: redis.url,
      RATE_LIMIT_BURST: '2000',
      JWT_SECRET: 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ',
    };
    gateways = [await bootGateway(environment), await bootGateway(environment)];
    users = (await Promise.all([0, 1, 2].map(signIn))) as typeof users;
  }, 60_000);
  afterAll(async () => {
    ends.forEach((end) => end());
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await redis.close();
  });
  beforeEach(() => {
    changes = [];
  });
  afterEach(() => {
    expect(failures).toBe(0);
  });

  async function signIn(shard: number): Promise<StoreClient> {
    for (let number = 0; ; number += 1) {
      const id = `usr_${number}`;
      if ((await redis.shardOf(`{${id}}`)) !== shard) continue;
      const user = { id, username: id, display_name: id, roles: ['analyst'], disabled: false };
      gateways[0].backends.users.set(id, user);
      return new StoreClient(gateways[0]).logIn(id);
    }
  }

  /** Asks on and on until the answer has the status; none on the way may be late or a 500. */
  const until = (client: StoreClient, status: number, withinMs = WELL_WITHIN_MS) =>
    eventually(async () => {
      const outcome = await client.ask('me');
      expect(outcome.ms).toBeLessThan(ANSWERED_WITHIN_MS);
      expect([200, 503]).toContain(outcome.status);
      return outcome.status === status ? outcome : undefined;
    }, withinMs);

  it('keeps few connections', async () => {
    for (const user of users) expect((await user.ask('me')).status).toBe(200);
    const counts = await Promise.all([...redis.masters, ...redis.replicas].map(clientsOf));
    const each = counts.reduce((sum, count) => sum + count, 0) / gateways.length;
    expect(each).toBeGreaterThanOrEqual(4);
    expect(each).toBeLessThanOrEqual(20);
  });

  it('ends a session on both instances at once, whichever node the subscription is on', async () => {
    for (const node of redis.masters) {
      await command(node, 'CLIENT', 'KILL', 'TYPE', 'pubsub');
      await eventually(async () => ((await subscriptions()) === gateways.length ? true : undefined), WELL_WITHIN_MS);
      const client = await new StoreClient(gateways[0]).logIn('admin');
      const other = new StoreClient(gateways[1], client.tokens);
      expect((await other.ask('me')).status).toBe(200);
      expect((await client.ask('logout')).status).toBe(204);
      await eventually(async () => ((await other.ask('me')).status === 401 ? true : undefined), WELL_WITHIN_MS);
    }
  });

  it('moves a subscription from a node that hangs', async () => {
    const nodes = [...redis.masters, ...redis.replicas];
    const counts = await Promise.all(nodes.map((node) => subscriptionsOn(node)));
    const frozen = nodes[counts.findIndex((count) => count > 0)] as PrivateRedis;
    const others = nodes.filter((node) => node !== frozen);
    frozen.freeze();
    try {
      await eventually(
        async () => ((await subscriptions(others)) === gateways.length ? true : undefined),
        FAILED_OVER_WITHIN_MS,
      );
    } finally {
      frozen.thaw();
    }
    await redis.settle();
  }, 60_000);

  const subscriptionsOn = async (node: PrivateRedis): Promise<number> =>
    Number((await command(node, 'PUBSUB', 'NUMSUB', 'genoflow:sessions:changed')).split(',')[1]);
  const subscriptions = async (nodes = [...redis.masters, ...redis.replicas]): Promise<number> =>
    (await Promise.all(nodes.map(subscriptionsOn))).reduce((sum, count) => sum + count, 0);

  it('serves all others while a node is frozen, and all again when it thaws', async () => {
    const [first, second, third] = users;
    redis.masters[0]?.freeze();
    await sleep(1_100);
    for (let round = 0; round < 5; round += 1) {
      const [lost, ...rest] = await Promise.all([first, second, third].map((user) => user.ask('me')));
      expect([200, 503]).toContain(lost?.status);
      expect(rest.map(({ status }) => status)).toEqual([200, 200]);
      [lost, ...rest].forEach((outcome) => expect(outcome?.ms).toBeLessThan(ANSWERED_WITHIN_MS));
    }
    redis.masters[0]?.thaw();
    await redis.settle();
    await until(first, 200);
    expect(changes).toEqual([]);
  }, 60_000);

  it('follows a fail-over, fails closed for those whose last node is lost, and is well when it is back', async () => {
    const [first, second, third] = users;
    await redis.masters[1]?.kill();
    await until(second, 200, FAILED_OVER_WITHIN_MS);
    await redis.replicas[1]?.kill();
    await until(second, 503, FAILED_OVER_WITHIN_MS);
    for (let round = 0; round < 5; round += 1) {
      const [one, lost, three] = await Promise.all([first, second, third].map((user) => user.ask('me')));
      expect([one?.status, lost?.status, lost?.code, three?.status]).toEqual([200, 503, 'state_unavailable', 200]);
      expect(lost?.ms).toBeLessThan(ANSWERED_WITHIN_MS);
    }
    await redis.replicas[1]?.start();
    await redis.masters[1]?.start();
    await redis.settle();
    await eventually(async () => ((await second.ask('me')).status === 401 ? true : undefined), WELL_WITHIN_MS);
    await eventually(async () => ((await second.ask('login')).status === 200 ? true : undefined), WELL_WITHIN_MS);
  }, 90_000);
});

async function command({ url }: PrivateRedis, name: string, ...args: string[]): Promise<string> {
  const client = new Redis(url);
  const answer = await client.call(name, ...args);
  client.disconnect();
  return String(answer);
}

const clientsOf = async (node: PrivateRedis): Promise<number> =>
  (await command(node, 'CLIENT', 'LIST')).split('\n').filter((line) => /name=\S*genoflow-gateway/.test(line)).length;

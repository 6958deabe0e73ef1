import { setTimeout as sleep } from 'node:timers/promises';
import { openRedis } from '../../test/support/open-redis.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../test/support/private-redis.js';
import { SlowLink } from '../../test/support/slow-link.js';
import { until } from '../../test/support/until.js';
import { stateStoreChanged, stateStoreMayEvict, type StateStoreChanged } from '../kernel/events.js';
import { createRedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { RedisScript } from './redis-script.js';
import { readRedisTarget } from './redis-target.js';
import { StoreAway, StoreSilent } from './store-answer.js';

const suite = hasRedisServer('the connection to a real Redis') ? describe : describe.skip;

suite('RedisConnection', () => {
  let server: PrivateRedis;
  let connection: RedisConnection;
  let changes: StateStoreChanged[] = [];
  const unsubscribe = stateStoreChanged.subscribe((change) => changes.push(change));

  beforeAll(async () => {
    server = await startPrivateRedis();
    connection = await openRedis(server.url);
  });

  afterAll(async () => {
    unsubscribe();
    connection.onApplicationShutdown();
    await server.close();
  });

  const get = (key = 'x'): Promise<string | null> => connection.ask((client) => client.get(key));

  /** Follows a channel and notes what is heard. */
  async function follow(channel: string) {
    const heard: string[] = [];
    const followed = { heard, standing: false, stop: () => undefined as void };
    followed.stop = connection.follow(channel, {
      message: (payload) => heard.push(payload),
      following: (isFollowing) => (followed.standing = isFollowing),
    });
    await until(() => followed.standing);
    return followed;
  }

  it('tells when it comes', () => {
    expect(changes).toEqual([{ store: 'redis', available: true }]);
  });

  it('runs a script that the server does not know, knows, and has forgotten', async () => {
    const script = new RedisScript('return {KEYS[1], ARGV[1]}');
    const run = (value: string) => connection.ask((client) => script.run(client, ['{a}/x'], [value]));
    expect(await run('1')).toEqual(['{a}/x', '1']);
    expect(await run('2')).toEqual(['{a}/x', '2']);
    await connection.client.script('FLUSH');
    expect(await run('3')).toEqual(['{a}/x', '3']);
  });

  it('hands a follower the messages of its channel', async () => {
    const { heard, stop } = await follow('news');
    await connection.client.publish('other', 'no');
    await connection.client.publish('news', 'yes');
    await until(() => heard.length > 0);
    expect(heard).toEqual(['yes']);
    stop();
  });

  it('lets one question wait for a server that hangs, and the others fail at once', async () => {
    const followed = await follow('hung');
    changes = [];
    server.freeze();
    await expect(get()).rejects.toBeInstanceOf(StoreSilent);
    const begun = performance.now();
    const refused = await Promise.allSettled(Array.from({ length: 100 }, () => get()));
    expect(performance.now() - begun).toBeLessThan(200);
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: new StoreAway() });
    await until(() => !connection.available && !followed.standing);
    server.thaw();
    await until(() => connection.available && followed.standing);
    expect(await get()).toBeNull();
    expect(changes.map(({ available }) => available)).toEqual([false, true]);
    followed.stop();
  });

  it('is not given up by a hang that is over before the next trial', async () => {
    changes = [];
    server.freeze();
    const silent = get();
    setTimeout(() => {
      server.thaw();
    }, 600);
    await expect(silent).rejects.toBeInstanceOf(StoreSilent);
    await until(() => connection.available);
    await sleep(200);
    expect(await get()).toBeNull();
    expect(changes.length % 2).toBe(0);
  });

  it('fails at once while the server is gone, and comes back with its followers', async () => {
    const followed = await follow('return');
    const out = Array.from({ length: 20 }, (_, index) => get(`${index}`).catch(() => 'failed'));
    await server.kill();
    await Promise.all(out);
    await until(() => !connection.available && !followed.standing);
    await expect(get()).rejects.toBeInstanceOf(StoreAway);
    await server.start();
    await until(() => connection.available && followed.standing);
    await connection.client.publish('return', 'back');
    await until(() => followed.heard.includes('back'));
    expect(await get()).toBeNull();
    followed.stop();
  });

  it('fails the questions that were out when a connection is lost, and does not leave them to their time', async () => {
    const link = await new SlowLink(server.port).open();
    const distant = await openRedis(`redis://127.0.0.1:${link.port}`);
    link.delayMs = 10_000;
    const out = Promise.allSettled([1, 2].map((key) => distant.ask((client) => client.get(`${key}`))));
    await sleep(50);
    link.delayMs = 0;
    link.cut();
    for (const outcome of await out) {
      expect(outcome.status).toBe('rejected');
      expect((outcome as PromiseRejectedResult).reason).not.toBeInstanceOf(StoreSilent);
    }
    await until(() => distant.available);
    distant.onApplicationShutdown();
    await link.close();
  });

  it('leaves a connection that has fallen silent for ever, and its followers go with it', async () => {
    const link = await new SlowLink(server.port).open();
    const distant = await openRedis(`redis://127.0.0.1:${link.port}`);
    let standing = false;
    distant.follow('far', { message: () => undefined, following: (isFollowing) => (standing = isFollowing) });
    await until(() => standing);
    link.mute();
    await until(() => !distant.available && !standing);
    await until(() => distant.available && standing);
    expect(await distant.ask((client) => client.get('x'))).toBeNull();
    distant.onApplicationShutdown();
    await link.close();
  });

  it('takes no server for well that only reads', async () => {
    await connection.client.replicaof('127.0.0.1', 1);
    await until(() => !connection.available);
    const plain = createRedisClient(readRedisTarget(server.url));
    await until(() => plain.status === 'ready');
    expect(await plain.ping()).toBe('PONG');
    await plain.replicaof('NO', 'ONE');
    plain.disconnect();
    await until(() => connection.available);
  });

  it('tells of a server that would throw keys away, and of no other', async () => {
    const told: string[] = [];
    const end = stateStoreMayEvict.subscribe(({ policy }) => told.push(policy));
    const connect = async (maxmemory: string, policy: string): Promise<void> => {
      await connection.client.config('SET', 'maxmemory-policy', policy);
      await connection.client.config('SET', 'maxmemory', maxmemory);
      const redis = await openRedis(server.url);
      await sleep(100);
      redis.onApplicationShutdown();
    };
    await connect('0', 'allkeys-lru');
    await connect('100mb', 'noeviction');
    expect(told).toEqual([]);
    await connect('100mb', 'volatile-lru');
    expect(told).toEqual(['volatile-lru']);
    await connection.client.config('SET', 'maxmemory', '0');
    end();
  });

  it('keeps a start waiting for a store that comes, and not for one that does not', async () => {
    const early = new RedisConnection(createRedisClient(readRedisTarget(server.url)));
    await early.onModuleInit();
    expect(early.available).toBe(true);
    early.onApplicationShutdown();
    const missing = new RedisConnection(createRedisClient(readRedisTarget('redis://127.0.0.1:1')));
    await missing.onModuleInit();
    expect(missing.available).toBe(false);
    missing.onApplicationShutdown();
  });

  it('is not revived by a trial that was under way when it was closed', async () => {
    const closing = await openRedis(server.url);
    const trials = jest.spyOn(closing.client, 'del');
    server.freeze();
    await until(() => trials.mock.calls.length > 0);
    closing.onApplicationShutdown();
    await until(() => closing.client.status === 'end');
    server.thaw();
    await sleep(1_200);
    expect(closing.client.status).toBe('end');
  });

  it('subscribes anew when the server would not let it before', async () => {
    const { client } = connection;
    await client.call('ACL', 'SETUSER', 'default', 'resetchannels');
    const fresh = await openRedis(server.url);
    let standing = false;
    fresh.follow('late', { message: () => undefined, following: (isFollowing) => (standing = isFollowing) });
    await sleep(300);
    expect(standing).toBe(false);
    await client.call('ACL', 'SETUSER', 'default', 'allchannels');
    await until(() => standing);
    fresh.onApplicationShutdown();
  });
});

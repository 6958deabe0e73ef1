import { setTimeout as sleep } from 'node:timers/promises';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../test/support/private-redis.js';
import { stateStoreChanged, type StateStoreChanged } from '../kernel/events.js';
import { createRedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { RedisScript } from './redis-script.js';
import { readRedisTarget } from './redis-target.js';

async function until(condition: () => boolean, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so within ${withinMs} ms`);
    await sleep(10);
  }
}

const suite = hasRedisServer('the connection to a real Redis') ? describe : describe.skip;

suite('RedisConnection', () => {
  let server: PrivateRedis;
  let connection: RedisConnection;
  const changes: StateStoreChanged[] = [];
  const unsubscribe = stateStoreChanged.subscribe((change) => changes.push(change));

  beforeAll(async () => {
    server = await startPrivateRedis();
    connection = new RedisConnection(createRedisClient(readRedisTarget(server.url)));
    await until(() => connection.available, 5_000);
  });

  afterAll(async () => {
    unsubscribe();
    connection.onApplicationShutdown();
    await server.close();
  });

  it('tells when it comes', () => {
    expect(changes).toEqual([{ store: 'redis', available: true }]);
  });

  it('runs a script that the server does not know, knows, and has forgotten', async () => {
    const script = new RedisScript('return {KEYS[1], ARGV[1]}');
    expect(await script.run(connection.client, ['{a}/x'], ['1'])).toEqual(['{a}/x', '1']);
    expect(await script.run(connection.client, ['{a}/x'], ['2'])).toEqual(['{a}/x', '2']);
    await connection.client.script('FLUSH');
    expect(await script.run(connection.client, ['{a}/x'], ['3'])).toEqual(['{a}/x', '3']);
  });

  it('hands a follower the messages of its channel', async () => {
    const heard: string[] = [];
    let standing = false;
    const stop = connection.follow('news', {
      message: (payload) => heard.push(payload),
      following: (isFollowing) => (standing = isFollowing),
    });
    await until(() => standing, 2_000);
    await connection.client.publish('other', 'no');
    await connection.client.publish('news', 'yes');
    await until(() => heard.length > 0, 1_000);
    expect(heard).toEqual(['yes']);
    stop();
  });

  it('fails within a second, tells, and is well again within five when a hung server comes back', async () => {
    let standing = false;
    const stop = connection.follow('hung', {
      message: () => undefined,
      following: (isFollowing) => (standing = isFollowing),
    });
    await until(() => standing, 2_000);
    server.freeze();
    const begun = performance.now();
    await expect(connection.client.get('x')).rejects.toThrow();
    expect(performance.now() - begun).toBeLessThan(1_000);
    await until(() => !connection.available, 3_000);
    await until(() => !standing, 3_000);
    server.thaw();
    await until(() => connection.available && standing, 5_000);
    stop();
  });

  it('fails at once while the server is gone, and comes back with its followers', async () => {
    const heard: string[] = [];
    let standing = false;
    const stop = connection.follow('return', {
      message: (payload) => heard.push(payload),
      following: (isFollowing) => (standing = isFollowing),
    });
    await until(() => standing, 2_000);
    await server.kill();
    await until(() => !connection.available && !standing, 1_000);
    const begun = performance.now();
    await expect(connection.client.get('x')).rejects.toThrow();
    expect(performance.now() - begun).toBeLessThan(100);
    await server.start();
    await until(() => connection.available && standing, 5_000);
    await connection.client.publish('return', 'back');
    await until(() => heard.includes('back'), 1_000);
    expect(await connection.client.get('x')).toBeNull();
    stop();
  });
});

import { createRedisClient } from '../../src/state/redis-client.js';
import { RedisConnection } from '../../src/state/redis-connection.js';
import { readRedisTarget } from '../../src/state/redis-target.js';
import { until } from './until.js';

/** The gateway's own connection to a Redis of the test's, once it takes writes; `onApplicationShutdown` closes it. */
export async function openRedis(url: string): Promise<RedisConnection> {
  const redis = new RedisConnection(createRedisClient(readRedisTarget(url)));
  await until(() => redis.available);
  return redis;
}

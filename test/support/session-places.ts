import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { MemorySessionStore } from '../../src/identity/sessions/memory-session-store.js';
import { RedisSessionStore } from '../../src/identity/sessions/redis-session-store.js';
import type { SessionLife } from '../../src/identity/sessions/session-life.js';
import { SessionRecord } from '../../src/identity/sessions/session-record.js';
import type { SessionStore } from '../../src/identity/sessions/session-store.js';
import type { RedisConnection } from '../../src/state/redis-connection.js';
import { TEST_LIFE, TEST_SEAL } from './identity-builders.js';
import type { ManualClock } from './manual-clock.js';
import { openRedis } from './open-redis.js';
import { startClusterNode, startPrivateRedis, type PrivateRedis } from './private-redis.js';

/** Somewhere that sessions may be kept. */
export interface SessionPlace {
  readonly store: (clock: ManualClock, life?: SessionLife) => SessionStore;
  readonly redis?: RedisConnection;
  readonly close: () => Promise<void>;
}

export const inMemory = (): Promise<SessionPlace> =>
  Promise.resolve({
    store: (clock, life = TEST_LIFE) => new MemorySessionStore(life, clock),
    close: () => Promise.resolve(),
  });

export const inRedis = async (): Promise<SessionPlace> => over(await startPrivateRedis());

/** A Cluster of one node refuses keys of different slots in one script just as one of many does. */
export async function inCluster(): Promise<SessionPlace> {
  const server = await startClusterNode();
  const node = new Redis(server.url);
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  while (!String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20);
  node.disconnect();
  return over(server, server.url.replace('redis:', 'redis+cluster:'));
}

async function over(server: PrivateRedis, url = server.url): Promise<SessionPlace> {
  const redis = await openRedis(url);
  return {
    store: (clock, life = TEST_LIFE) => new RedisSessionStore(redis, life, clock, new SessionRecord(TEST_SEAL, life)),
    redis,
    close: () => {
      redis.onApplicationShutdown();
      return server.close();
    },
  };
}

/** Everywhere, or in memory where this machine has no Redis. */
export const sessionPlaces = (hasRedis: boolean): [string, () => Promise<SessionPlace>][] => [
  ['memory', inMemory],
  ...(hasRedis
    ? ([
        ['Redis', inRedis],
        ['a Redis Cluster', inCluster],
      ] as [string, () => Promise<SessionPlace>][])
    : []),
];

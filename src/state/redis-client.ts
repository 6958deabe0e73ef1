import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisTarget } from './redis-target.js';

export type RedisClient = Redis | Cluster;

/** Longest wait for one command. Kept well under the 1.5 s within which every request must be answered. */
export const COMMAND_TIMEOUT_MS = 700;
const CONNECT_TIMEOUT_MS = 1_000;
/** A connection with a command out and no byte back for so long is dropped: a frozen server keeps its sockets open. */
const SILENCE_TIMEOUT_MS = 1_500;
const RETRY_FLOOR_MS = 50;
const RETRY_CEILING_MS = 1_000;

/** Exponential with full jitter above the floor, so that replicas do not come back in step. */
export function reconnectDelayMs(attempt: number): number {
  const ceiling = Math.min(RETRY_CEILING_MS, RETRY_FLOOR_MS * 2 ** Math.min(attempt, 10));
  return Math.round(RETRY_FLOOR_MS + Math.random() * (ceiling - RETRY_FLOOR_MS));
}

/**
 * ioredis is made for workers that would rather wait than fail: 20 retries, a queue without bound while away, no
 * timeout. A gateway would rather fail within its deadline than hold requests, so each of these is turned round.
 */
const CONNECTION: RedisOptions = {
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_TIMEOUT_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: true,
  maxRetriesPerRequest: 1,
  keepAlive: 5_000,
  retryStrategy: reconnectDelayMs,
  connectionName: 'genoflow-gateway',
};

/** Makes the client for the target and begins to connect; the caller listens to its events and closes it. */
export function createRedisClient(target: RedisTarget): RedisClient {
  const options: RedisOptions = {
    ...CONNECTION,
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.tls ? { tls: {} } : {}),
  };
  switch (target.kind) {
    case 'single':
      return new Redis({ ...options, ...target.addresses[0], db: target.database });
    case 'sentinel':
      return new Redis({
        ...options,
        sentinels: [...target.addresses],
        name: target.master,
        db: target.database,
        sentinelRetryStrategy: reconnectDelayMs,
        ...(target.sentinelPassword === undefined ? {} : { sentinelPassword: target.sentinelPassword }),
        ...(target.tls ? { enableTLSForSentinelMode: true } : {}),
        // A demoted master answers READONLY: connect anew, which asks the sentinels who is master now.
        reconnectOnError: (error) => error.message.startsWith('READONLY'),
      });
    case 'cluster':
      return new Cluster([...target.addresses], {
        redisOptions: options,
        enableOfflineQueue: false,
        enableAutoPipelining: true,
        maxRedirections: 4,
        slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
        slotsRefreshInterval: 5_000,
        retryDelayOnFailover: RETRY_FLOOR_MS,
        retryDelayOnClusterDown: RETRY_FLOOR_MS,
        clusterRetryStrategy: reconnectDelayMs,
      });
  }
}

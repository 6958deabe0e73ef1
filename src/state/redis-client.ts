import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { SystemClock } from '../kernel/clock.js';
import { SYSTEM_TLS } from '../kernel/tls/tls-files.js';
import type { RedisTarget } from './redis-target.js';
import { RedisTls } from './redis-tls.js';

export type RedisClient = Redis | Cluster;

/**
 * Longest wait for the answer to one question, milliseconds. A request asks two questions that it can do without or one
 * that it cannot, so that a frozen store delays no answer by more than a second.
 */
export const QUESTION_TIMEOUT_MS = 500;
/** For the handshake's own commands, which no question waits for. */
const COMMAND_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;
/** A frozen server never closes its side; our side is then destroyed after this. */
const DISCONNECT_TIMEOUT_MS = 100;
const LOADING_RETRY_MS = 500;
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
 *
 * - `maxRetriesPerRequest` 0: with autoResendUnfulfilledCommands off, commands that were out when a connection was lost
 *   are rejected at once only if every lost connection counts; else they are forgotten and only their timeout tells.
 * - No `socketTimeout`: its timer outlives the connection it watched and destroys the next one (ioredis issue 2147).
 *   RedisConnection drops a connection that does not answer.
 * - No auto-pipelining: it sends one pipeline at a time, so that each question waits for the one before it, and those of
 *   a frozen server for all before them (issue 1850). RedisConnection gathers the writes of one turn instead.
 */
export const CONNECTION: RedisOptions = {
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: CONNECT_TIMEOUT_MS,
  disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  maxLoadingRetryTime: LOADING_RETRY_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  keepAlive: 5_000,
  retryStrategy: reconnectDelayMs,
  connectionName: 'genoflow-gateway',
  disableClientInfo: true,
};

const CLUSTER: ClusterOptions = {
  enableOfflineQueue: false,
  maxRedirections: 4,
  slotsRefreshTimeout: QUESTION_TIMEOUT_MS,
  slotsRefreshInterval: 5_000,
  retryDelayOnFailover: RETRY_FLOOR_MS,
  retryDelayOnClusterDown: RETRY_FLOOR_MS,
  clusterRetryStrategy: reconnectDelayMs,
};

const SYSTEM_ROOTS = new RedisTls('redis', SYSTEM_TLS, new SystemClock());

/** Makes the client for the target and begins to connect; the caller listens to its events and closes it. */
export function createRedisClient(target: RedisTarget, tls = SYSTEM_ROOTS): RedisClient {
  const secure = target.tls ? tls.optionsFor(target) : undefined;
  const options: RedisOptions = {
    ...CONNECTION,
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(secure === undefined ? {} : { tls: secure }),
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
        // Without it a frozen sentinel would be waited for without end.
        sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
        sentinelRetryStrategy: reconnectDelayMs,
        ...(target.sentinelPassword === undefined ? {} : { sentinelPassword: target.sentinelPassword }),
        ...(secure === undefined ? {} : { sentinelTLS: secure, enableTLSForSentinelMode: true }),
      });
    case 'cluster':
      return new Cluster([...target.addresses], {
        ...CLUSTER,
        redisOptions: options,
        // A certificate is for the name, which ioredis would look up beforehand and drop.
        ...(secure === undefined ? {} : { dnsLookup: keepName }),
      });
  }
}

const keepName: NonNullable<ClusterOptions['dnsLookup']> = (host, callback) => {
  callback(null, host);
};

let nextNode = 0;

/**
 * A connection for subscriptions, which takes no other commands: to the same server, or to the nodes of a Cluster in
 * turn, whose bus carries every message to all of them. (The Cluster client's own subscriber has no timeouts and moves
 * from node to node without a word.) It ends when it is lost; undefined while no node is known.
 */
export function openSubscriber(client: RedisClient): Redis | undefined {
  if (client instanceof Redis) return client.duplicate({ autoResubscribe: false, retryStrategy: null });
  const nodes = client.nodes();
  const node = nodes[nextNode++ % Math.max(1, nodes.length)];
  return node?.duplicate({
    autoResubscribe: false,
    retryStrategy: null,
    enableOfflineQueue: false,
    lazyConnect: false,
    readOnly: false,
  });
}

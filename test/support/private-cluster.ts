import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startClusterNode, type PrivateRedis } from './private-redis.js';

const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 1_000;

/** A Redis Cluster of the test's own. */
export interface PrivateCluster {
  /** As REDIS_URL takes it. */
  readonly url: string;
  readonly masters: readonly PrivateRedis[];
  /** The replica of the master of the same index; none unless it was asked for. */
  readonly replicas: readonly PrivateRedis[];
  /** Waits until every node that answers says that the cluster is well, and every replica has what its master has. */
  settle(): Promise<void>;
  /** The index of the master that was given the key's slot at the start. */
  shardOf(key: string): Promise<number>;
  close(): Promise<void>;
}

interface ClusterShape {
  readonly masters?: number;
  readonly replicated?: boolean;
  /** Further options of every server. */
  readonly options?: readonly string[];
}

export async function startPrivateCluster({ masters: count = 3, replicated = false, options = [] }: ClusterShape = {}) {
  const start = () =>
    startClusterNode(
      '--cluster-node-timeout',
      `${NODE_TIMEOUT_MS}`,
      '--repl-diskless-sync-delay',
      '0',
      '--cluster-replica-validity-factor',
      '0',
      ...options,
    );
  const nodes = await Promise.all(Array.from({ length: replicated ? 2 * count : count }, start));
  const [masters, replicas] = [nodes.slice(0, count), nodes.slice(count)];
  await Promise.all(masters.map((node, index) => call(node, 'CLUSTER', 'ADDSLOTSRANGE', ...slotsOf(index, count))));
  await introduce(nodes);
  await Promise.all(
    replicas.map(async (replica, index) => {
      const id = await call(masters[index] as PrivateRedis, 'CLUSTER', 'MYID');
      await eventually(async () => (await call(replica, 'CLUSTER', 'REPLICATE', id)) === 'OK');
    }),
  );
  const settle = () =>
    eventually(async () => (await Promise.all(nodes.map((node) => isSettled(node, nodes)))).every(Boolean));
  await settle();
  const cluster: PrivateCluster = {
    url: `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    masters,
    replicas,
    settle,
    shardOf: async (key) => {
      const slot = Number(await call(masters[0] as PrivateRedis, 'CLUSTER', 'KEYSLOT', key));
      return Math.floor(((slot + 1) * count - 1) / SLOTS);
    },
    close: async () => {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
  return cluster;
}

function slotsOf(index: number, count: number): string[] {
  const bound = (at: number): number => Math.floor((at * SLOTS) / count);
  return [`${bound(index)}`, `${bound(index + 1) - 1}`];
}

/** The first meets all others; they tell each other of the rest. */
async function introduce([first, ...others]: readonly PrivateRedis[]): Promise<void> {
  for (const other of others) {
    const busPort = /^cluster-port\s+(\d+)/m.exec(
      (await call(other, 'CONFIG', 'GET', 'cluster-port')).replace(',', ' '),
    )?.[1];
    await call(first as PrivateRedis, 'CLUSTER', 'MEET', '127.0.0.1', `${other.port}`, busPort ?? '');
  }
}

async function isSettled(node: PrivateRedis, nodes: readonly PrivateRedis[]): Promise<boolean> {
  const info = await call(node, 'CLUSTER', 'INFO').catch(() => undefined);
  if (info === undefined) return true;
  if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${nodes.length}\r`)) return false;
  const replication = await call(node, 'INFO', 'replication');
  return !replication.includes('role:slave') || replication.includes('master_link_status:up');
}

/** One command over a connection of its own. */
async function call({ port }: PrivateRedis, command: string, ...args: string[]): Promise<string> {
  const client = new Redis(port, '127.0.0.1', { retryStrategy: null, commandTimeout: 500, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  try {
    return String(await client.call(command, ...args));
  } finally {
    client.disconnect();
  }
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error('the cluster did not settle');
    await sleep(50);
  }
}

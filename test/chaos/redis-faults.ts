import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startPrivateCluster } from '../support/private-cluster.js';
import { startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';
import { startPrivateSentinels } from '../support/private-sentinels.js';
import { SlowLink } from '../support/slow-link.js';
import { untilAsync } from '../support/until.js';

/** A Redis of some kind, and the ways in which it is broken and mended again. */
export interface BreakableRedis {
  readonly url: string;
  /** Each resolves when Redis is well again. */
  readonly faults: Readonly<Record<string, (forMs: number) => Promise<void>>>;
  /** Connections of all gateways together. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

async function command({ url }: Pick<PrivateRedis, 'url'>, name: string, ...args: string[]): Promise<string> {
  const client = new Redis(url, { retryStrategy: null, commandTimeout: 5_000 });
  client.on('error', () => undefined);
  try {
    return String(await client.call(name, ...args));
  } finally {
    client.disconnect();
  }
}

const connectionsTo = async (nodes: readonly PrivateRedis[]): Promise<number> => {
  const lists = await Promise.all(nodes.map((node) => command(node, 'CLIENT', 'LIST').catch(() => '')));
  return lists
    .join('\n')
    .split('\n')
    .filter((line) => /name=\S*genoflow-gateway/.test(line)).length;
};

async function freeze(node: PrivateRedis, forMs: number): Promise<void> {
  node.freeze();
  await sleep(forMs);
  node.thaw();
}

async function lose(node: PrivateRedis, forMs: number): Promise<void> {
  await node.kill();
  await sleep(forMs);
  await node.start();
}

export async function breakableSingle(): Promise<BreakableRedis> {
  const server = await startPrivateRedis();
  const link = await new SlowLink(server.port).open();
  const slow = async (delayMs: number, forMs: number): Promise<void> => {
    link.delayMs = delayMs;
    await sleep(forMs);
    link.delayMs = 0;
  };
  return {
    url: `redis://127.0.0.1:${link.port}`,
    faults: {
      dead: (forMs) => lose(server, forMs),
      frozen: (forMs) => freeze(server, forMs),
      'slow by 250 ms': (forMs) => slow(250, forMs),
      'slow by 2 s': (forMs) => slow(2_000, forMs),
      'read only': async (forMs) => {
        await command(server, 'REPLICAOF', '127.0.0.1', '1');
        await sleep(forMs);
        await command(server, 'REPLICAOF', 'NO', 'ONE');
      },
      'out of memory': async (forMs) => {
        await command(server, 'CONFIG', 'SET', 'maxmemory', '1');
        await sleep(forMs);
        await command(server, 'CONFIG', 'SET', 'maxmemory', '0');
      },
      'back with an old copy': async (forMs) => {
        await command(server, 'SAVE');
        await sleep(forMs);
        await lose(server, 200);
      },
      emptied: async () => void (await command(server, 'FLUSHALL')),
    },
    connections: () => connectionsTo([server]),
    close: async () => {
      await link.close();
      await server.close();
    },
  };
}

export async function breakableSentinels(): Promise<BreakableRedis> {
  const redis = await startPrivateSentinels();
  const nodes = [redis.first, redis.second];
  const master = async (): Promise<PrivateRedis> => {
    const port = await redis.masterPort();
    return nodes.find((node) => node.port === port) as PrivateRedis;
  };
  const other = (node: PrivateRedis): PrivateRedis => nodes.find((one) => one !== node) as PrivateRedis;
  /** Until the lost one follows the new master: only then may the next fault come. */
  const settle = async (): Promise<void> => {
    for (const deadline = performance.now() + 30_000; performance.now() < deadline; await sleep(200)) {
      const info = await command(other(await master()), 'INFO', 'replication').catch(() => '');
      if (info.includes('role:slave') && info.includes('master_link_status:up')) return;
    }
    throw new Error('the replica did not come back');
  };
  const failedOver = async (from: PrivateRedis): Promise<void> => {
    for (const deadline = performance.now() + 30_000; performance.now() < deadline; await sleep(50))
      if ((await master()) !== from) return;
    throw new Error('the sentinels did not fail over');
  };
  const afterwards: Promise<void>[] = [];
  return {
    url: redis.url,
    faults: {
      'master dead': async () => {
        await Promise.all(afterwards.splice(0));
        const lost = await master();
        await lost.kill();
        await failedOver(lost);
        afterwards.push(lost.start().then(settle));
      },
      'master frozen': async () => {
        await Promise.all(afterwards.splice(0));
        const lost = await master();
        lost.freeze();
        await failedOver(lost);
        lost.thaw();
        afterwards.push(settle());
      },
      'master sent off': async () => {
        await Promise.all(afterwards.splice(0));
        const old = await master();
        await untilAsync(() => redis.failOver());
        await failedOver(old);
        afterwards.push(settle());
      },
      'a sentinel frozen': async (forMs) => {
        await Promise.all(afterwards.splice(0));
        redis.sentinels[0]?.freeze();
        await sleep(forMs);
        redis.sentinels[0]?.thaw();
      },
    },
    connections: () => connectionsTo(nodes),
    close: async () => {
      await Promise.all(afterwards).catch(() => undefined);
      await redis.close();
    },
  };
}

export async function breakableCluster(): Promise<BreakableRedis> {
  const redis = await startPrivateCluster({ replicated: true });
  const nodes = [...redis.masters, ...redis.replicas];
  let next = 0;
  const any = (): PrivateRedis => nodes[next++ % nodes.length] as PrivateRedis;
  return {
    url: redis.url,
    faults: {
      'a node dead': async (forMs) => {
        await lose(any(), forMs);
        await redis.settle();
      },
      'a node frozen': async (forMs) => {
        await freeze(any(), forMs);
        await redis.settle();
      },
      'all nodes frozen': async (forMs) => {
        await Promise.all(nodes.map((node) => freeze(node, forMs)));
        await redis.settle();
      },
    },
    connections: () => connectionsTo(nodes),
    close: () => redis.close(),
  };
}

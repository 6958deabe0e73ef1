import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { startPrivateRedis, type PrivateRedis } from './private-redis.js';
import { RedisProcess } from './redis-process.js';
import { untilAsync } from './until.js';

const DOWN_AFTER_MS = 500;

/** A master, its replica and the sentinels that watch them, of the test's own. */
export interface PrivateSentinels {
  /** As REDIS_URL takes it. */
  readonly url: string;
  /** The master at the start, and its replica. */
  readonly first: PrivateRedis;
  readonly second: PrivateRedis;
  readonly sentinels: readonly RedisProcess[];
  /** Which port the sentinels take for the master's. */
  masterPort(): Promise<number>;
  /** Sends the master off; false while the sentinels will not. */
  failOver(): Promise<boolean>;
  close(): Promise<void>;
}

export async function startPrivateSentinels(count = 3): Promise<PrivateSentinels> {
  const folder = mkdtempSync(join(tmpdir(), 'private-sentinels-'));
  const first = await startPrivateRedis();
  const second = await startPrivateRedis(
    '--replicaof',
    '127.0.0.1',
    `${first.port}`,
    '--repl-diskless-sync-delay',
    '0',
  );
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const quorum = Math.floor(count / 2) + 1;
  const sentinels = ports.map(
    (port) => new RedisProcess(sentinelArgs(folder, port, first.port, quorum), 'monitor master'),
  );
  await Promise.all(sentinels.map((sentinel) => sentinel.start()));
  await untilAsync(() => seesAll(ports, count));
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/main`,
    first,
    second,
    sentinels,
    masterPort: () =>
      ask(ports[0] ?? 0, async (client) =>
        Number(((await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')) as string[])[1]),
      ),
    failOver: () =>
      ask(ports[0] ?? 0, (client) => client.call('SENTINEL', 'FAILOVER', 'main')).then(
        () => true,
        () => false,
      ),
    close: async () => {
      await Promise.all([...sentinels.map((sentinel) => sentinel.kill()), first.close(), second.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A sentinel keeps what it learns in its configuration file, so it wants one of its own. */
function sentinelArgs(folder: string, port: number, masterPort: number, quorum: number): string[] {
  const file = join(folder, `${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${masterPort} ${quorum}`,
    `sentinel down-after-milliseconds main ${DOWN_AFTER_MS}`,
    'sentinel failover-timeout main 3000',
  ];
  writeFileSync(file, lines.join('\n'));
  return [file, '--sentinel'];
}

/** Whether every sentinel knows the replica and the other sentinels. */
async function seesAll(ports: readonly number[], count: number): Promise<boolean> {
  const seen = await Promise.all(
    ports.map((port) => ask(port, async (client) => String(await client.call('SENTINEL', 'MASTER', 'main')))),
  );
  return seen.every((text) => text.includes('num-slaves,1') && text.includes(`num-other-sentinels,${count - 1}`));
}

async function ask<Answer>(port: number, question: (client: Redis) => Promise<Answer>): Promise<Answer> {
  const client = new Redis(port, '127.0.0.1', { retryStrategy: null, enableReadyCheck: false, commandTimeout: 1_000 });
  client.on('error', () => undefined);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { RedisProcess } from './redis-process.js';

/** A redis-server of the test's own on a free loopback port, without persistence. */
export interface PrivateRedis {
  readonly url: string;
  readonly port: number;
  /** The server stops answering but keeps its sockets, as a hung machine does. */
  freeze(): void;
  thaw(): void;
  /** Ends the server at once; `start` brings one up on the same port, empty unless it was told to save. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes its folder. */
  close(): Promise<void>;
}

/**
 * Whether this machine has a redis-server. Where it has none, says on stderr what is left out, or throws when
 * CI_REQUIRE_SERVERS=1, so that a pipeline never passes for want of a server.
 */
export function hasRedisServer(whatIsLeftOut: string): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  if (process.env['CI_REQUIRE_SERVERS'] === '1') throw new Error('redis-server is not on PATH, and is required here');
  process.stderr.write(`redis-server is not on PATH; left out: ${whatIsLeftOut}\n`);
  return false;
}

const IN_MEMORY = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];

export async function startPrivateRedis(...options: string[]): Promise<PrivateRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'private-redis-'));
  const port = await freePort();
  const server = new RedisProcess(['--port', `${port}`, ...IN_MEMORY, '--dir', folder, ...options]);
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    freeze: () => {
      server.freeze();
    },
    thaw: () => {
      server.thaw();
    },
    kill: () => server.kill(),
    start: () => server.start(),
    close: async () => {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A server that may be part of a Cluster. Its bus has a free port of its own: the usual one is beyond 65535 too often. */
export const startClusterNode = async (...options: string[]): Promise<PrivateRedis> =>
  startPrivateRedis(
    ...['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
    ...['--cluster-port', `${await freePort()}`],
    ...options,
  );

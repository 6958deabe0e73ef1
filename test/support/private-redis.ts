import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_TIMEOUT_MS = 10_000;

/** A redis-server of the test's own on a free loopback port, without persistence. */
export interface PrivateRedis {
  readonly url: string;
  readonly port: number;
  /** The server stops answering but keeps its sockets, as a hung machine does. */
  freeze(): void;
  thaw(): void;
  /** Ends the server at once; `start` brings an empty one up on the same port. */
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

export async function startPrivateRedis(...options: string[]): Promise<PrivateRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'private-redis-'));
  const port = await freePort();
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    server = await launch(port, folder, options);
  };
  const kill = (): Promise<void> => end(server);
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    kill,
    start,
    close: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function launch(port: number, folder: string, options: readonly string[]): Promise<ChildProcess> {
  const server = spawn(
    'redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder, ...options],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      server.kill('SIGKILL');
      reject(new Error('redis-server did not start in time'));
    }, START_TIMEOUT_MS);
    server.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`redis-server ended with ${code}`));
    });
    server.stdout.on('data', (chunk: Buffer) => {
      if (!chunk.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      resolve(server);
    });
  });
}

function end(server: ChildProcess | undefined): Promise<void> {
  if (server === undefined || server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => {
      resolve();
    });
    server.kill('SIGKILL');
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

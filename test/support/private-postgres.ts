import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSIONS = '/usr/lib/postgresql';
const START_ATTEMPTS = 100;

export interface PrivatePostgres {
  /** postgres://... of an empty database. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * How to start a PostgreSQL server of one's own in a temporary directory on a free port. Undefined, and said plainly,
 * where it is not installed; with CI_REQUIRE_SERVERS=1 that is an error.
 */
export function findPrivatePostgres(): (() => Promise<PrivatePostgres>) | undefined {
  const binaries = newestBinaries();
  if (binaries !== undefined) return () => start(binaries);
  if (process.env['CI_REQUIRE_SERVERS'] === '1')
    throw new Error(`PostgreSQL is required here, but not in ${VERSIONS}.`);
  process.stderr.write(`LEFT OUT: the tests on a real PostgreSQL; ${VERSIONS}/*/bin/initdb is not installed.\n`);
  return undefined;
}

function newestBinaries(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, 'bin'))
    .find((directory) => existsSync(join(directory, 'initdb')));
}

async function start(binaries: string): Promise<PrivatePostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'genoflow-postgres-'));
  const user = await serverUser();
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const identity = { ...user, cwd: directory };
  await run(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'genoflow', '--auth=trust', '--no-sync', '-E', 'UTF8'],
    identity,
  );
  const port = await freePort();
  const options = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', directory, '-c', 'fsync=off'];
  const server = spawn(join(binaries, 'postgres'), options, { ...identity, stdio: 'ignore' });
  await untilReady(binaries, port, server);
  return {
    url: `postgres://genoflow@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await ended(server);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The server refuses to run as root; there it runs as the package's own user. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  );
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilReady(binaries: string, port: number, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    if (server.exitCode !== null) break;
    const isReady = await run(join(binaries, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).then(
      () => true,
      () => false,
    );
    if (isReady) return;
    await sleep(100);
  }
  await ended(server);
  throw new Error('The private PostgreSQL did not start.');
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exit = new Promise((resolve) => server.once('exit', resolve));
  // SIGINT is PostgreSQL's fast shutdown: it cuts the clients that are left.
  server.kill('SIGINT');
  await exit;
}

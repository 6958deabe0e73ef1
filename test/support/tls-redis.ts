import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { RedisProcess } from './redis-process.js';

/** Files of a server that wants clients to show a certificate of the authority. */
export interface TlsServerFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface TlsRedis {
  readonly tlsPort: number;
  /** For the test's own commands, in the clear. */
  readonly plainPort: number;
  close(): Promise<void>;
}

const tlsOptions = ({ ca, cert, key }: TlsServerFiles): [string, string][] => [
  ['tls-ca-cert-file', ca],
  ['tls-cert-file', cert],
  ['tls-key-file', key],
  ['tls-auth-clients', 'yes'],
];

/** A redis-server, or sentinel, by TLS; `options` as in its configuration file. */
async function start(
  files: TlsServerFiles,
  options: readonly (readonly [string, string])[],
  mode: readonly string[] = [],
  sign?: string,
): Promise<TlsRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'tls-redis-'));
  const [tlsPort, plainPort] = [await freePort(), await freePort()];
  const lines = [
    ['bind', '127.0.0.1'],
    ['dir', folder],
    ['port', `${plainPort}`],
    ['tls-port', `${tlsPort}`],
    ...tlsOptions(files),
    ...options,
  ];
  const file = join(folder, 'redis.conf');
  writeFileSync(file, lines.map((line) => line.join(' ')).join('\n'));
  const server = new RedisProcess([file, ...mode], sign);
  await server.start();
  return {
    tlsPort,
    plainPort,
    close: async () => {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const IN_MEMORY = [
  ['save', '""'],
  ['appendonly', 'no'],
] as const;

export const startTlsRedis = (files: TlsServerFiles): Promise<TlsRedis> => start(files, IN_MEMORY);

export const startTlsClusterNode = async (files: TlsServerFiles): Promise<TlsRedis> =>
  start(files, [
    ...IN_MEMORY,
    ['cluster-enabled', 'yes'],
    ['tls-cluster', 'yes'],
    ['cluster-announce-ip', '127.0.0.1'],
    ['cluster-announce-hostname', 'localhost'],
    ['cluster-preferred-endpoint-type', 'hostname'],
    ['cluster-port', `${await freePort()}`],
  ]);

/** One sentinel that speaks TLS, to the master too. */
export const startTlsSentinel = (files: TlsServerFiles, masterPort: number): Promise<TlsRedis> =>
  start(
    files,
    [
      ['tls-replication', 'yes'],
      ['sentinel', `monitor main 127.0.0.1 ${masterPort} 1`],
    ],
    ['--sentinel'],
    'monitor master',
  );

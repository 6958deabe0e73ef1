import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendDefinition } from '../backend-service.js';
import { systemClock, type BackendClock } from '../clock.js';
import { openEmbedded, openPostgres, type Database } from '../database.js';
import type { Identity } from '../identity.js';
import { createLog, type BackendLog } from '../log.js';
import { openIdentityTokens } from '../open-identity-tokens.js';
import type { Peers } from '../peers.js';
import { RunningService } from '../running-service.js';
import { loadBackendSettings, type BackendSettings } from '../settings.js';
import { gatewayTokens } from './gateway-tokens.js';

export const TEST_IDENTITY_SECRET = 'for-tests-only-0123456789abcdefghijklmnopqrstuv';

export interface TestServiceOptions {
  readonly peers?: Peers;
  /** PostgreSQL instead of PGlite in memory. */
  readonly databaseUrl?: string;
  /** A handle that is already open (shared by services, or kept over a restart); it is left open. */
  readonly database?: Database;
  /** Kept by the caller (for restarts); a temporary one is made and removed otherwise. */
  readonly dataDir?: string;
  readonly settings?: Partial<BackendSettings>;
  readonly clock?: BackendClock;
}

const ANALYST: Identity = {
  kind: 'user',
  userId: 'usr_test',
  username: 'test',
  sessionId: 'ses_test',
  roles: ['analyst'],
  projects: ['*'],
};

export type TestCaller = Partial<Identity>;

export interface TestService {
  readonly url: string;
  readonly dataDir: string;
  readonly database: Database;
  /** A gateway identity token; a user `usr_test` with the role analyst unless told otherwise. */
  tokenFor(caller?: TestCaller): string;
  /** `fetch` on the service with an identity; a plain object as `json` is sent as JSON. */
  call(path: string, init?: RequestInit & { as?: TestCaller; json?: unknown }): Promise<Response>;
  close(): Promise<void>;
}

/** For tests: one service on a free port, with a database and a data directory of its own. */
export async function runService(
  definition: BackendDefinition,
  options: TestServiceOptions = {},
): Promise<TestService> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'genoflow-')));
  const clock = options.clock ?? systemClock;
  const settings = { ...testSettings(dataDir), ...options.settings };
  const log = createLog('silent');
  const opened = await openFor(options, log);
  const service = new RunningService(definition, {
    settings,
    tokens: openIdentityTokens(settings, clock, log),
    database: opened.database,
    log,
    clock,
    addressOf: (name) => settings.serviceUrls[name] ?? 'http://127.0.0.1:9',
    peers: options.peers,
  });
  const url = `http://127.0.0.1:${await service.listen(0)}`;
  const stop = async (): Promise<void> => {
    await service.stop(0);
    await opened.close();
  };
  await service.create().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const sign = gatewayTokens(settings.identitySecret, clock);
  const tokenFor = (caller: TestCaller = {}): string => sign({ ...ANALYST, ...caller });
  return {
    url,
    dataDir,
    database: opened.database,
    tokenFor,
    call: (path, { as, json, headers, ...init } = {}) => {
      const sent = new Headers(headers);
      sent.set('x-genoflow-identity', tokenFor(as));
      if (json === undefined) return fetch(`${url}${path}`, { ...init, headers: sent });
      sent.set('content-type', 'application/json');
      return fetch(`${url}${path}`, { method: 'POST', ...init, headers: sent, body: JSON.stringify(json) });
    },
    close: async () => {
      await stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Settings as an empty environment gives them, with a secret, silence and no threads. */
export const testSettings = (dataDir: string): BackendSettings =>
  loadBackendSettings({
    NODE_ENV: 'test',
    IDENTITY_SECRET: TEST_IDENTITY_SECRET,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    INGESTION_WORKERS: '0',
  });

async function openFor(
  options: TestServiceOptions,
  log: BackendLog,
): Promise<{ database: Database; close: () => Promise<void> }> {
  if (options.database !== undefined) return { database: options.database, close: () => Promise.resolve() };
  const url = options.databaseUrl;
  return url === undefined ? openEmbedded() : openPostgres(url, log);
}

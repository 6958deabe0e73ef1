import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { SQL } from 'drizzle-orm';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import pg from 'pg';
import { DirectoryLock } from './directory-lock.js';
import type { BackendLog } from './log.js';

/**
 * Drizzle over PGlite or PostgreSQL, told apart by nobody. Inside `transaction` use only the handle it passes: PGlite
 * has one connection, and a query on the outer handle would wait for itself.
 */
export type Database = PgDatabase<PgQueryResultHKT>;

export interface OpenDatabase {
  readonly database: Database;
  close(): Promise<void>;
}

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/** A pool on the server that `url` names. */
export function openPostgres(url: string, log: BackendLog): OpenDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'genoflow-backends',
  });
  // An idle connection that the server drops is an 'error' event on the pool, which would otherwise end the process.
  pool.on('error', (error) => {
    log.fault('database_connection_lost', error);
  });
  return { database: drizzlePostgres(pool), close: () => pool.end() };
}

/** PGlite in `directory`, which it locks for this process; in memory when no directory is given. */
export async function openEmbedded(directory?: string): Promise<OpenDatabase> {
  if (directory === undefined) {
    const client = await PGlite.create();
    return { database: drizzlePglite(client) as unknown as Database, close: () => client.close() };
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = await DirectoryLock.take(directory);
  try {
    const client = await openWhole(join(directory, 'pgdata'));
    const close = async (): Promise<void> => {
      await client.close();
      await lock.release();
    };
    return { database: drizzlePglite(client) as unknown as Database, close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Makes a new cluster beside its place and moves it there, so that a kill while it is made leaves no half of one. */
async function openWhole(path: string): Promise<PGlite> {
  if (!existsSync(path)) {
    const draft = `${path}.new`;
    await rm(draft, { recursive: true, force: true });
    await (await PGlite.create(draft)).close();
    await rename(draft, path);
  }
  return PGlite.create(path);
}

/** The rows of a hand-written query. The row type is the writer's word: timestamps are text, bigint differs by driver. */
export async function rowsOf<T>(database: Pick<Database, 'execute'>, query: SQL): Promise<T[]> {
  const result: unknown = await database.execute(query);
  return (result as { rows: T[] }).rows;
}

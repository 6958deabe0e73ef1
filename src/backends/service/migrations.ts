import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { BackendDefinition } from './backend-service.js';
import { rowsOf, type Database } from './database.js';

// One lock for all services' migrations: any number, the same in every version.
const MIGRATION_LOCK = 7_202_611_230_001n;

/** A recorded statement differs from the code's: somebody edited history. */
export class MigrationMismatchError extends Error {
  constructor(service: string, position: number) {
    super(`Migration ${position} of ${service} was changed after it had been applied; add a new statement instead.`);
    this.name = 'MigrationMismatchError';
  }
}

/**
 * Applies the statements of a service that its schema has not seen, all in one transaction under an advisory lock, so
 * that two processes that start together apply each statement once.
 */
export async function migrate(
  database: Database,
  definition: Pick<BackendDefinition, 'name' | 'migrations'>,
): Promise<void> {
  const schema = sql.identifier(definition.name);
  await database.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(${sql.raw(String(MIGRATION_LOCK))})`);
    await transaction.execute(sql`create schema if not exists ${schema}`);
    await transaction.execute(
      sql`create table if not exists ${schema}.migrations (
        position integer primary key, sha256 text not null, applied_at timestamptz not null default now())`,
    );
    const recorded = await rowsOf<{ position: number; sha256: string }>(
      transaction,
      sql`select position, sha256 from ${schema}.migrations order by position`,
    );
    for (const [position, statement] of definition.migrations.entries()) {
      const digest = createHash('sha256').update(statement).digest('hex');
      const known = recorded.find((row) => row.position === position);
      if (known !== undefined) {
        if (known.sha256 !== digest) throw new MigrationMismatchError(definition.name, position);
        continue;
      }
      await transaction.execute(sql.raw(statement));
      await transaction.execute(
        sql`insert into ${schema}.migrations (position, sha256) values (${position}, ${digest})`,
      );
    }
  });
}

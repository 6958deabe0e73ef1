import { findPrivatePostgres, type PrivatePostgres } from './private-postgres.js';

/**
 * Runs a suite on PGlite and, where the programs are installed, on a real PostgreSQL of its own. The suite asks for the
 * URL in a `beforeAll`; undefined means PGlite.
 */
export function describeOnDatabases(
  name: string,
  suite: (databaseUrl: () => Promise<string | undefined>) => void,
): void {
  describe(`${name} on PGlite`, () => {
    suite(() => Promise.resolve(undefined));
  });
  const start = findPrivatePostgres();
  if (start === undefined) return;
  describe(`${name} on PostgreSQL`, () => {
    let server: PrivatePostgres | undefined;
    beforeAll(async () => {
      server = await start();
    }, 60_000);
    afterAll(() => server?.stop());
    suite(() => Promise.resolve(server?.url));
  });
}

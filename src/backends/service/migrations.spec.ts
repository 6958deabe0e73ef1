import { sql } from 'drizzle-orm';
import { describeOnDatabases } from '../../../test/support/databases.js';
import { openEmbedded, openPostgres, rowsOf, type OpenDatabase } from './database.js';
import { createLog } from './log.js';
import { migrate, MigrationMismatchError } from './migrations.js';

const log = createLog('silent');
const CREATE = 'create table qc.things (id integer primary key)';
const FILL = 'insert into qc.things (id) values (1)';

describeOnDatabases('migrations', (databaseUrl) => {
  let opened: OpenDatabase;
  let second: OpenDatabase;
  beforeAll(async () => {
    const url = await databaseUrl();
    opened = url === undefined ? await openEmbedded() : openPostgres(url, log);
    second = url === undefined ? opened : openPostgres(url, log);
  });
  afterAll(async () => {
    await opened.close();
    if (second !== opened) await second.close();
  });

  const things = (): Promise<unknown[]> => rowsOf(opened.database, sql`select id from qc.things`);

  it('are applied once, also by processes that start together', async () => {
    const definition = { name: 'qc', migrations: [CREATE, FILL] } as const;
    await Promise.all([opened, second, opened, second].map(({ database }) => migrate(database, definition)));
    expect(await things()).toEqual([{ id: 1 }]);
  });

  it('continue where the schema stands', async () => {
    await migrate(opened.database, { name: 'qc', migrations: [CREATE, FILL, 'insert into qc.things (id) values (2)'] });
    expect(await things()).toHaveLength(2);
  });

  it('are applied all or not at all', async () => {
    const broken = ['create table auth.one (id integer)', 'create table nonsense'];
    await expect(migrate(opened.database, { name: 'auth', migrations: broken })).rejects.toThrow();
    await migrate(opened.database, { name: 'auth', migrations: ['create table auth.one (id integer)'] });
  });

  it('refuse to start on an edited history', async () => {
    const edited = { name: 'qc', migrations: [`${CREATE} `, FILL] } as const;
    await expect(migrate(opened.database, edited)).rejects.toThrow(MigrationMismatchError);
  });
});

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from '@node-rs/argon2';
import { sql } from 'drizzle-orm';
import { describeOnDatabases } from '../../../test/support/databases.js';
import { untilAsync } from '../../../test/support/until.js';
import { rowsOf } from '../service/database.js';
import { runService, type TestService } from '../service/testing/run-service.js';
import { authService } from './auth.service.js';

const GATEWAY = { kind: 'gateway', userId: 'gateway', roles: [] } as const;

interface Page {
  readonly cursor: string;
  readonly users: { id: string; roles: string[]; projects: string[]; disabled: boolean }[];
}

async function changes(service: TestService, after?: string): Promise<Page> {
  const query = after === undefined ? '' : `?after=${after}`;
  const answer = await service.call(`/users/changes${query}`, { as: GATEWAY });
  if (answer.status !== 200) throw new Error(`the service answered ${answer.status}`);
  return (await answer.json()) as Page;
}

/** All that is told after the cursor, page by page. */
async function follow(service: TestService, after?: string): Promise<Page> {
  const users: Page['users'] = [];
  let page = await changes(service, after);
  for (; page.users.length > 0; page = await changes(service, page.cursor)) users.push(...page.users);
  return { cursor: page.cursor, users };
}

describeOnDatabases('changes of users', (databaseUrl) => {
  let directory: string;
  let usersFile: string;
  let service: TestService;
  let passwordHash: string;

  const seed = (username: string, more: object = {}) => ({
    username,
    roles: ['viewer'],
    password_hash: passwordHash,
    ...more,
  });
  /** As a mounted file changes: all at once. */
  async function write(content: unknown): Promise<void> {
    await writeFile(`${usersFile}.new`, typeof content === 'string' ? content : JSON.stringify(content));
    await rename(`${usersFile}.new`, usersFile);
  }
  const update = (account: string, change: string) =>
    service.database.execute(sql.raw(`update auth.users set ${change} where account = '${account}'`));

  beforeAll(async () => {
    passwordHash = await hash('analytical-engine', { memoryCost: 64, timeCost: 1, parallelism: 1 });
    directory = await mkdtemp(join(tmpdir(), 'genoflow-users-'));
    usersFile = join(directory, 'users.json');
    await write([seed('ada'), seed('bob', { roles: ['analyst'], projects: ['p1'] })]);
    service = await runService(authService, { settings: { usersFile }, databaseUrl: await databaseUrl() });
  });
  afterAll(async () => {
    await service.close();
    await rm(directory, { recursive: true });
  });

  it('begin with every user, and end there', async () => {
    const { cursor, users } = await changes(service);
    expect(users).toHaveLength(2);
    expect(users).toEqual(
      expect.arrayContaining([
        { id: expect.stringMatching(/^usr_/), roles: ['viewer'], projects: ['*'], disabled: false },
        { id: expect.stringMatching(/^usr_/), roles: ['analyst'], projects: ['p1'], disabled: false },
      ]),
    );
    expect(await changes(service, cursor)).toEqual({ cursor, users: [] });
  });

  it('are told of one by one, the last state of each user once, also where somebody changed the table by hand', async () => {
    const { cursor } = await follow(service);
    await update('ada', `roles = '["clinician"]'`);
    await update('bob', 'disabled = true');
    await update('ada', `projects = '["p2"]'`);
    await update('bob', `display_name = 'Robert'`);
    const { users } = await changes(service, cursor);
    expect(users.map(({ roles, projects, disabled }) => [roles, projects, disabled])).toEqual([
      [['analyst'], ['p1'], true],
      [['clinician'], ['p2'], false],
    ]);
  });

  it('come in pages of at most 200', async () => {
    const { cursor } = await follow(service);
    await write([seed('ada'), ...Array.from({ length: 250 }, (_, index) => seed(`user-${index}`))]);
    await untilAsync(async () => (await follow(service, cursor)).users.length >= 250);
    expect((await changes(service, cursor)).users).toHaveLength(200);
    expect(new Set((await follow(service, cursor)).users.map(({ id }) => id)).size).toBeGreaterThanOrEqual(250);
  });

  it.each(['999999999', 'x', '-1', '1e3', '', 'c%201'])('know no cursor %s', async (after) => {
    const answer = await service.call(`/users/changes?after=${after}`, { as: GATEWAY });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([410, 'cursor_unknown']);
  });

  it('are for the platform only', async () => {
    expect((await service.call('/users/changes')).status).toBe(403);
  });

  it('miss nothing while many write at once and commit in any order', async () => {
    let { cursor } = await follow(service);
    await write(Array.from({ length: 40 }, (_, index) => seed(`writer-${index}`)));
    await untilAsync(async () => (await follow(service, cursor)).users.length >= 40);
    const heard = new Map<string, string>();
    let isOver = false;
    const reader = (async () => {
      for (let last = false; !last;) {
        last = isOver;
        const page = await follow(service, cursor);
        cursor = page.cursor;
        for (const { id, roles } of page.users) heard.set(id, roles[0] ?? '');
      }
    })();
    const writer = async (number: number): Promise<void> => {
      for (let round = 0; round < 12; round += 1) {
        await service.database.transaction(async (transaction) => {
          const user = `writer-${(number * 31 + round * 7) % 40}`;
          const role = `r-${number}-${round}`;
          await transaction.execute(sql`update auth.users set roles = ${`["${role}"]`}::jsonb where account = ${user}`);
          await sleep(Math.random() * 8);
        });
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)));
    isOver = true;
    await reader;
    const rows = await rowsOf<{ id: string; role: string }>(
      service.database,
      sql`select id, roles->>0 as role from auth.users where roles->>0 like 'r-%'`,
    );
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter(({ id, role }) => heard.get(id) !== role)).toEqual([]);
  });
});

describe('the users file', () => {
  let directory: string;
  let usersFile: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'genoflow-users-'));
    usersFile = join(directory, 'users.json');
  });
  afterAll(() => rm(directory, { recursive: true }));

  const write = async (content: unknown): Promise<void> => {
    await writeFile(`${usersFile}.new`, typeof content === 'string' ? content : JSON.stringify(content));
    await rename(`${usersFile}.new`, usersFile);
  };
  const statusOf = async (service: TestService, username: string, password: string): Promise<number> =>
    (await service.call('/login', { as: GATEWAY, json: { username, password } })).status;

  it('is applied again when it changes, and changes nothing where it is not valid or gone', async () => {
    const ada = { username: 'ada', roles: ['viewer'], password: 'one' };
    await write([ada]);
    const service = await runService(authService, { settings: { usersFile } });
    try {
      const { cursor } = await follow(service);
      for (const content of ['[{"username":', [{ ...ada, roles: 'admin' }], []]) {
        await write(content);
        await sleep(400);
        expect(await statusOf(service, 'ada', 'one')).toBe(200);
      }
      await rm(usersFile);
      await sleep(400);
      expect((await changes(service, cursor)).users).toEqual([]);
      await write([
        { ...ada, disabled: true },
        { ...ada, username: 'bob', password: 'two' },
      ]);
      await untilAsync(async () => (await statusOf(service, 'bob', 'two')) === 200);
      expect(await statusOf(service, 'ada', 'one')).toBe(401);
      expect((await follow(service, cursor)).users.map(({ disabled }) => disabled).sort()).toEqual([false, true]);
    } finally {
      await service.close();
    }
  });

  it('that says the same again changes nobody', async () => {
    const ada = { username: 'ada', roles: ['viewer'], password: 'one' };
    await write([ada]);
    const first = await runService(authService, { settings: { usersFile } });
    const { cursor } = await follow(first);
    const second = await runService(authService, { settings: { usersFile }, database: first.database });
    expect((await changes(second, cursor)).users).toEqual([]);
    await second.close();
    await first.close();
  });
});

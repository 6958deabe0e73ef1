import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import { describeOnDatabases } from '../../../test/support/databases.js';
import { runService, type TestService } from '../service/testing/run-service.js';
import { authService } from './auth.service.js';

const GATEWAY = { kind: 'gateway', userId: 'gateway', roles: [] } as const;

const login = (service: TestService, username: string, password: string): Promise<Response> =>
  service.call('/login', { as: GATEWAY, json: { username, password } });

describeOnDatabases('auth', (databaseUrl) => {
  let service: TestService;
  let now = Date.UTC(2026, 0, 1);
  beforeAll(async () => {
    service = await runService(authService, { clock: { now: () => now }, databaseUrl: await databaseUrl() });
  });
  afterAll(() => service.close());

  it('logs in the demo administrator', async () => {
    const answer = await login(service, 'admin', 'password');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      user: {
        id: expect.stringMatching(/^usr_[0-9a-f]{26}$/),
        username: 'admin',
        display_name: 'Administrator',
        roles: ['admin'],
        projects: ['*'],
        disabled: false,
      },
    });
  });

  it('shows a user by id and no password', async () => {
    const { user } = (await (await login(service, 'viewer', 'password')).json()) as { user: { id: string } };
    const shown = await service.call(`/users/${user.id}`, { as: GATEWAY });
    expect(await shown.json()).toEqual(user);
    expect((await service.call('/users/usr_nobody', { as: GATEWAY })).status).toBe(404);
  });

  it('serves the platform only', async () => {
    expect((await service.call('/login', { json: { username: 'admin', password: 'password' } })).status).toBe(403);
    expect((await service.call('/users/usr_x')).status).toBe(403);
  });

  it('answers an unknown user exactly as a wrong password', async () => {
    const wrong = await login(service, 'analyst', 'no');
    const unknown = await login(service, 'nobody', 'no');
    const fieldsOf = (answer: Response): unknown => [...answer.headers].filter(([name]) => name !== 'date');
    expect(unknown.status).toBe(401);
    expect(unknown.status).toBe(wrong.status);
    expect(fieldsOf(unknown)).toEqual(fieldsOf(wrong));
    expect(await unknown.text()).toBe(await wrong.text());
  });

  it.each(['technician', 'nobody-else'])('locks %s after ten wrong guesses until the window ends', async (name) => {
    const outcomes = await Promise.all(Array.from({ length: 14 }, () => login(service, name, 'wrong')));
    const statuses = outcomes.map((answer) => answer.status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    const refused = await login(service, name, 'password');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('900');
    now += 900_001;
    expect((await login(service, name, 'password')).status).toBe(name === 'technician' ? 200 : 401);
  });

  it('lets any number of right logins in at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => login(service, 'admin', 'password')));
    expect(outcomes.map((answer) => answer.status)).toEqual(outcomes.map(() => 200));
  });

  it('forgets wrong guesses after a right one', async () => {
    for (let guess = 0; guess < 9; guess += 1) await login(service, 'clinician', 'wrong');
    expect((await login(service, 'clinician', 'password')).status).toBe(200);
    for (let guess = 0; guess < 9; guess += 1) await login(service, 'clinician', 'wrong');
    expect((await login(service, 'clinician', 'password')).status).toBe(200);
  });

  it('refuses a body of another form without repeating it', async () => {
    const answer = await service.call('/login', { as: GATEWAY, json: { username: 'admin', secret_thing: 'hunter2' } });
    expect(answer.status).toBe(422);
    const text = await answer.text();
    expect(text).toContain('/password');
    expect(text).not.toMatch(/hunter2|secret_thing/);
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

  const write = (seeds: unknown): Promise<void> => writeFile(usersFile, JSON.stringify(seeds));

  it('is required in production', async () => {
    await expect(runService(authService, { settings: { production: true } })).rejects.toThrow(
      /AUTH_USERS_FILE: is required/,
    );
  });

  it('may hold no plain password in production', async () => {
    await write([{ username: 'ada', roles: ['admin'], password: 'analytical-engine' }]);
    await expect(runService(authService, { settings: { production: true, usersFile } })).rejects.toThrow(
      /never a password/,
    );
  });

  it('is the only source of users in production', async () => {
    const passwordHash = await hash('analytical-engine', { memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await write([
      { username: 'Ada', roles: ['admin'], password_hash: passwordHash },
      { username: 'eve', roles: ['admin'], password_hash: passwordHash, disabled: true },
    ]);
    const service = await runService(authService, { settings: { production: true, usersFile } });
    try {
      expect((await login(service, 'ada', 'analytical-engine')).status).toBe(200);
      expect((await login(service, 'eve', 'analytical-engine')).status).toBe(401);
      expect((await login(service, 'admin', 'password')).status).toBe(401);
    } finally {
      await service.close();
    }
  });

  it('disables who left it and keeps the ids of who stayed', async () => {
    await write([
      { username: 'ada', roles: ['admin'], password: 'one' },
      { username: 'bob', roles: ['viewer'], password: 'two' },
    ]);
    const first = await runService(authService, { settings: { usersFile } });
    try {
      const { user } = (await (await login(first, 'bob', 'two')).json()) as { user: { id: string } };
      await write([{ username: 'ada', roles: ['viewer'], password: 'one' }]);
      const second = await runService(authService, { settings: { usersFile }, database: first.database });
      try {
        expect((await login(second, 'bob', 'two')).status).toBe(401);
        expect(await (await second.call(`/users/${user.id}`, { as: GATEWAY })).json()).toMatchObject({
          disabled: true,
        });
        expect(await (await login(second, 'ada', 'one')).json()).toMatchObject({ user: { roles: ['viewer'] } });
      } finally {
        await second.close();
      }
    } finally {
      await first.close();
    }
  });
});

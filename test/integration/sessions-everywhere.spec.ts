import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from '@node-rs/argon2';
import { Redis } from 'ioredis';
import { authService } from '../../src/backends/auth/auth.service.js';
import { runService, TEST_IDENTITY_SECRET, type TestService } from '../../src/backends/service/testing/run-service.js';
import { sessionChanged, userFeedChanged, type SessionChanged } from '../../src/kernel/events.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';
import { StoreClient, type StoreRequest } from '../support/store-requests.js';

/** A change of a user is to take effect within 1 s, a logout within 100 ms; the rest is for a machine that is busy. */
const SEEN_WITHIN_MS = 6_000;
const CHANNEL = 'genoflow:sessions:changed';
const WHAT = 'sessions over two gateways, one Redis and the reference auth service';

interface SeedUser {
  readonly username: string;
  readonly roles: readonly string[];
  readonly disabled?: boolean;
}

(hasRedisServer(WHAT) ? describe : describe.skip)(WHAT, () => {
  let directory: string;
  let redis: PrivateRedis;
  let admin: Redis;
  let auth: TestService;
  let gateways: [BootedGateway, BootedGateway];
  let passwordHash: string;
  const events: SessionChanged[] = [];
  const end = sessionChanged.subscribe((event) => events.push(event));
  const users = new Map<string, SeedUser>();

  beforeAll(async () => {
    passwordHash = await hash('a-good-password', { memoryCost: 64, timeCost: 1, parallelism: 1 });
    directory = await mkdtemp(join(tmpdir(), 'genoflow-users-'));
    for (const role of ['admin', 'analyst', 'technician', 'clinician', 'viewer'])
      users.set(role, { username: role, roles: [role] });
    await writeUsers();
    redis = await startPrivateRedis();
    admin = new Redis(redis.url);
    auth = await runService(authService, { settings: { usersFile: join(directory, 'users.json') } });
    let following = 0;
    const heard = userFeedChanged.subscribe(({ state }) => (following += state === 'followed' ? 1 : 0));
    const environment = {
      REDIS_URL: redis.url,
      AUTH_SERVICE_URL: auth.url,
      IDENTITY_SECRET: TEST_IDENTITY_SECRET,
      JWT_SECRET: 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ',
      RATE_LIMIT_PER_MINUTE: '100000',
      RATE_LIMIT_BURST: '100000',
    };
    gateways = [await bootGateway(environment), await bootGateway(environment)];
    await eventually(() => following === gateways.length || undefined);
    heard();
  }, 60_000);
  afterAll(async () => {
    end();
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await auth.close();
    admin.disconnect();
    await redis.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    events.length = 0;
  });

  /** As a mounted file changes: all at once. */
  async function writeUsers(): Promise<void> {
    const seeds = [...users.values()].map((user) => ({ ...user, password_hash: passwordHash }));
    await writeFile(join(directory, 'users.new'), JSON.stringify(seeds));
    await rename(join(directory, 'users.new'), join(directory, 'users.json'));
  }
  async function change(username: string, changes: Partial<SeedUser>): Promise<void> {
    users.set(username, { username, roles: [username], ...changes });
    await writeUsers();
  }

  /** The same session at both gateways, known to both. */
  async function logIn(username: string): Promise<[StoreClient, StoreClient]> {
    const here = await new StoreClient(gateways[0]).logIn(username);
    const there = new StoreClient(gateways[1], here.tokens);
    // Not by /auth/me, which asks the store itself; who may not read is kept all the same.
    for (const client of [here, there]) expect([200, 403]).toContain((await client.ask('read')).status);
    return [here, there];
  }
  const until = (client: StoreClient, request: StoreRequest, status: number) =>
    eventually(async () => ((await client.ask(request)).status === status ? true : undefined), SEEN_WITHIN_MS);
  const call = (client: StoreClient, method: string, path: string, at = gateways[0]): Promise<Response> =>
    fetch(`${at.url}${path}`, { method, headers: { authorization: `Bearer ${client.tokens.access_token}` } });
  const whoIs = async (client: StoreClient): Promise<{ id: string; session_id: string }> =>
    (await (await call(client, 'GET', '/auth/me')).json()) as { id: string; session_id: string };

  it('a disabled user is refused by both, refresh and login too, and let in again when enabled', async () => {
    const clients = await logIn('technician');
    await change('technician', { disabled: true });
    await Promise.all(clients.map((client) => until(client, 'read', 401)));
    expect((await clients[1].ask('read')).code).toBe('session_ended');
    expect((await clients[0].ask('refresh')).code).toBe('session_ended');
    await expect(new StoreClient(gateways[1]).logIn('technician')).rejects.toThrow('401');
    expect(events.filter((event) => event.change === 'ended')).toHaveLength(1);
    await change('technician', {});
    await eventually(() => new StoreClient(gateways[1]).logIn('technician').catch(() => undefined), SEEN_WITHIN_MS);
  });

  it('roles that are taken away are gone from a living session at both', async () => {
    const clients = await logIn('analyst');
    for (const client of clients) expect((await client.ask('submit')).status).toBe(200);
    await change('analyst', { roles: ['viewer'] });
    await Promise.all(clients.map((client) => until(client, 'submit', 403)));
    for (const client of clients) expect((await client.ask('read')).status).toBe(200);
    expect(events.filter((event) => event.change === 'rights-changed').length).toBeGreaterThanOrEqual(1);
    await change('analyst', {});
    await Promise.all(clients.map((client) => until(client, 'submit', 200)));
  });

  it('a change that came while Redis was away is made up for', async () => {
    const clients = await logIn('clinician');
    redis.freeze();
    await change('clinician', { roles: ['viewer'] });
    await sleep(1_500);
    redis.thaw();
    await Promise.all(clients.map((client) => until(client, 'catalogue', 200)));
    await change('clinician', {});
    await Promise.all(clients.map((client) => until(client, 'catalogue', 403)));
  });

  it('a logout at one is seen by the other', async () => {
    const [here, there] = await logIn('viewer');
    expect((await here.ask('logout')).status).toBe(204);
    expect((await here.ask('read')).status).toBe(401);
    await until(there, 'read', 401);
  });

  it('an administrator at one ends a session, and all sessions, of a user at the other', async () => {
    const [root] = await logIn('admin');
    const [first, second, third] = [await logIn('viewer'), await logIn('viewer'), await logIn('viewer')];
    const { id, session_id: sessionId } = await whoIs(first[0]);
    const path = `/auth/users/${id}/sessions`;
    expect((await call(root, 'DELETE', `${path}/${sessionId}`, gateways[1])).status).toBe(204);
    expect((await first[1].ask('read')).status).toBe(401);
    await until(first[0], 'read', 401);
    expect((await second[0].ask('read')).status).toBe(200);
    const { items } = (await (await call(root, 'GET', path)).json()) as { items: object[] };
    expect(items).toHaveLength(2);
    expect((await call(root, 'DELETE', path)).status).toBe(204);
    for (const clients of [second, third]) for (const client of clients) await until(client, 'read', 401);
    const { id: adminId } = await whoIs(root);
    expect(events.filter(({ endedBy }) => endedBy === adminId)).toHaveLength(3);
  });

  it('all others of one’s own sessions end at both', async () => {
    const [first, second] = [await logIn('viewer'), await logIn('viewer')];
    expect((await call(second[0], 'DELETE', '/auth/sessions')).status).toBe(204);
    for (const client of first) await until(client, 'read', 401);
    for (const client of second) expect((await client.ask('read')).status).toBe(200);
  });

  const subscriptions = async (): Promise<number> =>
    Number(((await admin.pubsub('NUMSUB', CHANNEL)) as [string, number])[1]);

  it('an end that a lost subscription missed is not slept over, and the subscription comes back', async () => {
    const [here, there] = await logIn('viewer');
    await admin.client('KILL', 'TYPE', 'pubsub');
    expect((await here.ask('logout')).status).toBe(204);
    await until(there, 'read', 401);
    await eventually(async () => ((await subscriptions()) === gateways.length ? true : undefined), SEEN_WITHIN_MS);
    for (let time = 0; time < 20; time += 1) expect((await there.ask('read')).status).toBe(401);
  });

  it('nothing is served from memory while no subscription stands', async () => {
    const clients = [await logIn('viewer'), await logIn('viewer'), await logIn('viewer')];
    await admin.call('ACL', 'SETUSER', 'default', '-subscribe');
    await admin.client('KILL', 'TYPE', 'pubsub');
    // Long enough for both to notice and to try again in vain.
    await sleep(500);
    expect(await subscriptions()).toBe(0);
    for (const [here, there] of clients) {
      expect((await there.ask('read')).status).toBe(200);
      expect((await here.ask('logout')).status).toBe(204);
      expect((await there.ask('read')).status).toBe(401);
    }
    await admin.call('ACL', 'SETUSER', 'default', '+subscribe');
    await eventually(async () => ((await subscriptions()) === gateways.length ? true : undefined), SEEN_WITHIN_MS);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { stateStoreChanged, unexpectedFailure, type StateStoreChanged } from '../../src/kernel/events.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';
import { SlowLink } from '../support/slow-link.js';
import { STORE_REQUESTS, StoreClient, type Outcome, type StoreRequest } from '../support/store-requests.js';

/** A request is to be answered within 1.5 s; the rest is for a machine that is busy with other tests. */
const ANSWERED_WITHIN_MS = 3_000;
/** The gateway is to be well 5 s after Redis is. */
const WELL_WITHIN_MS = 8_000;
const MAX_CONNECTIONS = 20;

const suite = hasRedisServer('the gateway over a Redis that fails') ? describe : describe.skip;

suite('over a Redis that fails, the gateway', () => {
  let redis: PrivateRedis;
  let link: SlowLink;
  let gateway: BootedGateway;
  let changes: StateStoreChanged[] = [];
  let failures = 0;
  const ends = [
    stateStoreChanged.subscribe((change) => changes.push(change)),
    unexpectedFailure.subscribe(() => (failures += 1)),
  ];

  beforeAll(async () => {
    redis = await startPrivateRedis();
    link = await new SlowLink(redis.port).open();
    gateway = await bootGateway({ REDIS_URL: `redis://127.0.0.1:${link.port}`, RATE_LIMIT_BURST: '2000' });
  });
  afterAll(async () => {
    ends.forEach((end) => end());
    await gateway.close();
    await link.close();
    await redis.close();
  });
  beforeEach(async () => {
    await command('FLUSHALL');
    changes = [];
  });
  afterEach(() => {
    redis.thaw();
    expect(failures).toBe(0);
    expect(link.connections).toBeLessThanOrEqual(MAX_CONNECTIONS);
  });

  async function command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Redis(redis.url, { retryStrategy: null, commandTimeout: 2_000 });
    client.on('error', () => undefined);
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  const logIn = (): Promise<StoreClient> => new StoreClient(gateway).logIn();

  /** Asks until the request is answered with the status; no answer on the way may be a 500 or late. */
  const until = (client: StoreClient, request: StoreRequest, status: number): Promise<Outcome> =>
    eventually(async () => {
      const outcome = await client.ask(request);
      expect(outcome.status).not.toBe(500);
      expect(outcome.ms).toBeLessThan(ANSWERED_WITHIN_MS);
      return outcome.status === status ? outcome : undefined;
    }, WELL_WITHIN_MS);

  /** Two rounds: one that meets the failure and one that knows of it. */
  async function expectClosed(client: StoreClient, requests: readonly StoreRequest[] = STORE_REQUESTS): Promise<void> {
    for (const round of [1, 2]) {
      const outcomes = await client.askAll(...requests);
      for (const [request, { status, code, ms }] of Object.entries(outcomes)) {
        expect([round, request, status, code]).toEqual([round, request, 503, 'state_unavailable']);
        expect(ms).toBeLessThan(ANSWERED_WITHIN_MS);
      }
    }
  }

  /** An outage is told once when it comes and once when it goes, however many requests meet it. */
  const expectTold = (): void => {
    expect(changes).toEqual([
      { store: 'redis', available: false },
      { store: 'redis', available: true },
    ]);
  };

  it('fails closed while it is dead, and knows no session of one that came back empty', async () => {
    const client = await logIn();
    expect((await client.ask('me')).status).toBe(200);
    await redis.kill();
    await eventually(async () => ((await client.ask('me')).status === 503 ? true : undefined), WELL_WITHIN_MS);
    await expectClosed(client);
    await redis.start();
    expect((await until(client, 'me', 401)).code).toBe('session_ended');
    expect((await client.ask('refresh')).code).toBe('session_ended');
    await until(client, 'login', 200);
    expectTold();
  });

  it('fails closed while it is frozen, and serves the same session when it thaws', async () => {
    const client = await logIn();
    redis.freeze();
    // What is known of a session is believed for a second.
    await eventually(async () => ((await client.ask('me')).status === 503 ? true : undefined), WELL_WITHIN_MS);
    await expectClosed(client);
    await eventually(() => changes.length > 0 || undefined, WELL_WITHIN_MS);
    // Long enough for connections to be made in vain.
    for (const begun = performance.now(); performance.now() - begun < 2_500;) {
      await expectClosed(client, ['me', 'read', 'submit']);
      expect(link.connections).toBeLessThanOrEqual(MAX_CONNECTIONS);
      await sleep(100);
    }
    redis.thaw();
    await until(client, 'me', 200);
    expectTold();
  });

  it('answers late but whole while every answer takes 250 ms', async () => {
    const client = await logIn();
    link.delayMs = 250;
    try {
      for (const request of ['me', 'read', 'catalogue', 'submit', 'login', 'logout'] as const) {
        const { status, ms } = await client.ask(request);
        expect([request, status]).toEqual([request, { login: 200, logout: 204 }[request as string] ?? 200]);
        expect(ms).toBeLessThan(ANSWERED_WITHIN_MS);
      }
    } finally {
      link.delayMs = 0;
    }
  });

  it('fails closed while it is slower than a request may wait, and is well when it is quick again', async () => {
    const client = await logIn();
    link.delayMs = 2_000;
    await eventually(async () => ((await client.ask('me')).status === 503 ? true : undefined), WELL_WITHIN_MS);
    await expectClosed(client);
    link.delayMs = 0;
    await until(client, 'me', 200);
  });

  it('fails closed while it only reads, and serves the same session when it writes again', async () => {
    const client = await logIn();
    await command('REPLICAOF', '127.0.0.1', `${await freePort()}`);
    await eventually(async () => ((await client.ask('login')).status === 503 ? true : undefined), WELL_WITHIN_MS);
    await eventually(() => changes.length > 0 || undefined, WELL_WITHIN_MS);
    await expectClosed(client);
    await command('REPLICAOF', 'NO', 'ONE');
    await until(client, 'me', 200);
    await until(client, 'login', 200);
    expectTold();
  });

  it('serves who is signed in while it is out of memory, and starts nothing that would have to be kept', async () => {
    const client = await logIn();
    await command('CONFIG', 'SET', 'maxmemory', '1');
    try {
      const outcomes = await client.askAll('me', 'read', 'catalogue', 'login', 'submit');
      expect(Object.fromEntries(Object.entries(outcomes).map(([name, { status }]) => [name, status]))).toEqual({
        ...{ me: 200, read: 200, catalogue: 200 },
        ...{ login: 503, submit: 503 },
      });
      expect([outcomes.login.code, outcomes.submit.code]).toEqual(['state_unavailable', 'state_unavailable']);
      expect((await client.ask('refresh')).code).toBe('state_unavailable');
      expect((await client.ask('logout')).status).toBe(204);
      expect((await client.ask('me')).status).toBe(401);
    } finally {
      await command('CONFIG', 'SET', 'maxmemory', '0');
    }
    await until(client, 'login', 200);
    expect(changes).toEqual([]);
  });

  it('lets no session live again that an old copy on disk still holds', async () => {
    const [left, stayed] = [await logIn(), await logIn()];
    await command('SAVE');
    expect((await left.ask('logout')).status).toBe(204);
    await redis.kill();
    await redis.start();
    await until(stayed, 'me', 200);
    expect((await left.ask('me')).code).toBe('session_ended');
    expect((await left.ask('refresh')).code).toBe('session_ended');
    // Found out once, it is gone from the store too.
    await eventually(async () => ((await sessionKeys()) === 1 ? true : undefined), WELL_WITHIN_MS);
  });

  const sessionKeys = async (): Promise<number> => ((await command('KEYS', 'genoflow:session:*')) as string[]).length;

  it('limits by a bucket of its own while it is dead', async () => {
    await redis.kill();
    const client = new StoreClient(gateway);
    const outcomes = await Promise.all(Array.from({ length: 340 }, () => client.ask('login')));
    await redis.start();
    const count = (status: number): number => outcomes.filter((outcome) => outcome.status === status).length;
    expect([count(429) >= 30, count(503) >= 290, count(429) + count(503)]).toEqual([true, true, 340]);
    await eventually(() => changes.at(-1)?.available || undefined, WELL_WITHIN_MS);
  });
});

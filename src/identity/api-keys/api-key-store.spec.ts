import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { buildApiKey } from '../../../test/support/api-key-builders.js';
import { TEST_SEAL } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../../test/support/private-redis.js';
import { until, untilAsync } from '../../../test/support/until.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import { createRedisClient } from '../../state/redis-client.js';
import { RedisConnection } from '../../state/redis-connection.js';
import { readRedisTarget } from '../../state/redis-target.js';
import { StoreAway } from '../../state/store-answer.js';
import { MAX_API_KEYS, USE_NOTED_EVERY_MS, type ApiKey } from './api-key.js';
import type { ApiKeyStore } from './api-key-store.js';
import { FileApiKeyStore } from './file-api-key-store.js';
import { RedisApiKeyStore } from './redis-api-key-store.js';

const STORES = hasRedisServer('API keys in Redis') ? ['a file', 'Redis'] : ['a file'];
const idsOf = (keys: readonly ApiKey[]): string[] => keys.map(({ id }) => id);

describe.each(STORES)('API keys in %s', (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'api-keys-'));
  let file: string;
  let server: PrivateRedis | undefined;
  let connection: RedisConnection | undefined;
  let other: RedisConnection | undefined;
  let plain: Redis | undefined;
  let clock: ManualClock;
  let store: ApiKeyStore;

  beforeAll(async () => {
    if (kind === 'a file') return;
    server = await startPrivateRedis();
    plain = new Redis(server.url);
    connection = new RedisConnection(createRedisClient(readRedisTarget(server.url)));
    other = new RedisConnection(createRedisClient(readRedisTarget(server.url)));
    await until(() => connection?.available === true && other?.available === true);
  });
  afterAll(async () => {
    connection?.onApplicationShutdown();
    other?.onApplicationShutdown();
    plain?.disconnect();
    await server?.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    // A file for each test: the former's store may still be noting a use.
    file = join(folder, `${randomUUID()}.json`);
    await plain?.flushall();
    clock = new ManualClock();
    store = open();
  });
  afterEach(() => {
    if (store instanceof RedisApiKeyStore) store.onApplicationShutdown();
  });

  /** The store as another process finds it. */
  const open = (): ApiKeyStore =>
    connection === undefined ? new FileApiKeyStore(file, clock) : new RedisApiKeyStore(connection, clock, TEST_SEAL);

  /** A folder stands where the file belongs. */
  const blockDisk = (): void => {
    rmSync(file, { force: true });
    mkdirSync(file);
  };
  const freeDisk = (): void => {
    rmSync(file, { recursive: true });
  };

  it('are kept with all that is known of them, through a restart', async () => {
    const { key } = buildApiKey(clock);
    expect(await store.create(key)).toBe(true);
    for (const each of [store, open()]) {
      const { lastUsedAt: _lastUsedAt, ...found } = (await each.find(key.id)) ?? {};
      const { lastUsedAt: _never, ...made } = key;
      expect(found).toEqual(made);
    }
  });

  it('are nowhere written as they are shown', async () => {
    const { key, text } = buildApiKey(clock);
    await store.create(key);
    const kept = await (plain?.hgetall(`genoflow:{api-keys}:${key.id}`).then(JSON.stringify) ??
      readFileSync(file, 'utf8'));
    expect(kept).toContain(key.id);
    expect(kept).not.toContain(text.slice(36, 100));
    expect(kept).not.toContain(text);
  });

  it('end when they are revoked, for every process', async () => {
    const { key } = buildApiKey(clock);
    await store.create(key);
    expect(await store.find(key.id)).toBeDefined();
    expect(await store.revoke(key.id)).toBe(true);
    expect(await store.find(key.id)).toBeUndefined();
    expect(await open().find(key.id)).toBeUndefined();
    expect(await store.revoke(key.id)).toBe(false);
    expect(await store.list()).toEqual([]);
  });

  it('end when they expire', async () => {
    const { key } = buildApiKey(clock, { expiresAt: clock.now() + 60_000 });
    await store.create(key);
    clock.advance(59_999);
    expect(await store.find(key.id)).toBeDefined();
    clock.advance(1_001);
    expect(await store.find(key.id)).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });

  it('are listed newest first', async () => {
    const keys: ApiKey[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { key } = buildApiKey(clock);
      keys.unshift(key);
      await store.create(key);
      clock.advance(1_000);
    }
    expect(idsOf(await store.list())).toEqual(idsOf(keys));
  });

  it('have their use noted to the hour', async () => {
    const { key } = buildApiKey(clock);
    await store.create(key);
    const usedAt = async (): Promise<number | undefined> => (await store.list())[0]?.lastUsedAt;
    expect(await usedAt()).toBeUndefined();
    const first = clock.now();
    await store.find(key.id);
    while ((await usedAt()) === undefined) await new Promise((resume) => setTimeout(resume, 5));
    clock.advance(USE_NOTED_EVERY_MS - 1);
    await store.find(key.id);
    expect(await usedAt()).toBe(first);
    clock.advance(1_001);
    await store.find(key.id);
    while ((await usedAt()) === first) await new Promise((resume) => setTimeout(resume, 5));
    expect(await usedAt()).toBe(clock.now());
  });

  it('are bounded in number, and those that have ended do not count', async () => {
    for (let count = 0; count < MAX_API_KEYS; count += 50) {
      const made = Array.from({ length: 50 }, () => buildApiKey(clock, { expiresAt: clock.now() + 60_000 }).key);
      expect(await Promise.all(made.map((key) => store.create(key)))).not.toContain(false);
    }
    expect(await store.create(buildApiKey(clock).key)).toBe(false);
    clock.advance(60_000);
    expect(await store.create(buildApiKey(clock).key)).toBe(true);
  });

  it('of which there are none are found quickly', async () => {
    expect(await store.find('key_none')).toBeUndefined();
  });

  if (kind === 'Redis') {
    it('are refused by another replica at once, though it has just taken them', async () => {
      const replica = new RedisApiKeyStore(other as RedisConnection, clock, TEST_SEAL);
      try {
        const { key } = buildApiKey(clock);
        await store.create(key);
        // Only a standing subscription lets an answer be kept; the clock stands still, so it would be kept for ever.
        while ((await replica.find(key.id), replica.find(key.id)) instanceof Promise)
          await new Promise((resume) => setTimeout(resume, 5));
        await store.revoke(key.id);
        await until(() => replica.find(key.id) instanceof Promise);
        expect(await replica.find(key.id)).toBeUndefined();
      } finally {
        replica.onApplicationShutdown();
      }
    });

    it('are believed only as a gateway wrote them', async () => {
      const { key } = buildApiKey(clock);
      const [name, forged] = [`genoflow:{api-keys}:${key.id}`, buildApiKey(clock).key];
      const spoilers: (() => Promise<unknown> | undefined)[] = [
        () => plain?.hset(name, 'scopes', JSON.stringify(['execution:submit'])),
        () => plain?.hset(name, 'expires_at', `${key.expiresAt + 1_000}`),
        () => plain?.hset(name, 'secret_hash', forged.secretHash.toString('base64url')),
        () => plain?.hset(name, 'id', forged.id),
        () => plain?.hset(name, 'seal', ''),
        () => plain?.hdel(name, 'seal'),
        () => plain?.hset(name, 'scopes', 'x'),
      ];
      for (const spoil of spoilers) {
        await plain?.flushall();
        await store.create(key);
        expect(await open().find(key.id)).toEqual(key);
        await spoil();
        expect(await open().find(key.id)).toBeUndefined();
        expect(await open().list()).toEqual([]);
      }
      await plain?.del(name);
      await plain?.set(name, 'x');
      await expect(open().find(key.id)).rejects.toMatchObject({ code: 'state_unavailable' });
      await expect(open().list()).rejects.toMatchObject({ code: 'state_unavailable' });
    });

    it('never live again once revoked, though the store came back with an old copy', async () => {
      const { key } = buildApiKey(clock);
      await store.create(key);
      const name = `genoflow:{api-keys}:${key.id}`;
      const copy = (await plain?.hgetall(name)) ?? {};
      await store.revoke(key.id);
      await plain?.hset(name, copy);
      expect(await store.find(key.id)).toBeUndefined();
      await untilAsync(async () => (await plain?.exists(name)) === 0);
    });

    it('cannot be asked about while the server is away', async () => {
      const replica = new RedisApiKeyStore(
        {
          client: undefined,
          available: false,
          follow: () => () => undefined,
          ask: () => Promise.reject(new StoreAway()),
        },
        clock,
        TEST_SEAL,
      );
      for (const attempt of [replica.find('key_1'), replica.list(), replica.revoke('key_1')])
        await expect(attempt).rejects.toMatchObject({ code: 'state_unavailable' });
    });

    it('have a time to live on everything', async () => {
      await store.create(buildApiKey(clock, { expiresAt: clock.now() + 60_000 }).key);
      await store.create(buildApiKey(clock, { expiresAt: clock.now() + 30_000 }).key);
      const names = (await plain?.keys('*')) ?? [];
      expect(names).toHaveLength(3);
      for (const name of names) expect(await plain?.pttl(name)).toBeGreaterThan(0);
      expect(await plain?.pttl('genoflow:{api-keys}')).toBeGreaterThan(31_000);
    });

    it.each([
      ['of no number', { expires_at: 'never' }],
      ['with a right that does not exist', { scopes: '["qc:delete"]' }],
      ['with the right to make keys', { scopes: '["api-keys:manage"]' }],
      ['with half a hash', { secret_hash: 'AAAA' }],
      ['with no list', { scopes: '{' }],
    ])('are none where somebody wrote what is not one: %s', async (_, fields) => {
      const { key } = buildApiKey(clock);
      await store.create(key);
      await plain?.hset(`genoflow:{api-keys}:${key.id}`, fields);
      expect(await store.find(key.id)).toBeUndefined();
      expect(await store.list()).toEqual([]);
    });
  } else {
    it('are for nobody else to read', async () => {
      await store.create(buildApiKey(clock).key);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    });

    it.each(['', '{', '[{"id":"x"}]', 'null'])('stop the start where the file is damaged: %j', (text) => {
      writeFileSync(file, text);
      expect(open).toThrow('is damaged');
    });

    it('are not there when the disk did not take them', async () => {
      const { key } = buildApiKey(clock);
      blockDisk();
      await expect(store.create(key)).rejects.toMatchObject({ code: 'state_unavailable' });
      expect(await store.find(key.id)).toBeUndefined();
      freeDisk();
    });

    it('are refused once revoked though the disk did not take it, and are revoked for good by trying again', async () => {
      const { key } = buildApiKey(clock);
      await store.create(key);
      blockDisk();
      const code = await store.revoke(key.id).then(String, (error: GatewayError) => error.code);
      expect([code, await store.find(key.id)]).toEqual(['state_unavailable', undefined]);
      freeDisk();
      expect(await store.revoke(key.id)).toBe(true);
      expect(await open().find(key.id)).toBeUndefined();
    });

    it('survive a file that an editor left open to all', async () => {
      await store.create(buildApiKey(clock).key);
      chmodSync(file, 0o644);
      await store.create(buildApiKey(clock).key);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    });
  }
});

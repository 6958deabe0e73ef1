import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../../../test/support/private-redis.js';
import { until, untilAsync } from '../../../test/support/until.js';
import { createRedisClient } from '../../state/redis-client.js';
import { RedisConnection } from '../../state/redis-connection.js';
import { readRedisTarget } from '../../state/redis-target.js';
import { FileRevokedTokens } from './file-revoked-tokens.js';
import { RedisRevokedTokens } from './redis-revoked-tokens.js';
import type { RevokedTokens } from './revoked-tokens.js';

/** A question that a busy machine did not answer in time says neither; it is asked again. */
const isRefused = async (tokens: RevokedTokens): Promise<boolean> => {
  try {
    return !(await tokens.isGood('one'));
  } catch {
    return false;
  }
};

const STORES = hasRedisServer('revoked tokens in Redis') ? ['a file', 'Redis'] : ['a file'];

describe.each(STORES)('tokens taken back, in %s', (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'revoked-'));
  const file = join(folder, 'revoked-tokens.json');
  let server: PrivateRedis | undefined;
  let connections: RedisConnection[] = [];
  let plain: Redis | undefined;
  let clock: ManualClock;
  const opened: RedisRevokedTokens[] = [];

  beforeAll(async () => {
    if (kind === 'a file') return;
    server = await startPrivateRedis();
    const { url } = server;
    plain = new Redis(url);
    connections = [1, 2].map(() => new RedisConnection(createRedisClient(readRedisTarget(url))));
    await until(() => connections.every(({ available }) => available));
  });
  afterEach(() => {
    opened.splice(0).forEach((tokens) => {
      tokens.onApplicationShutdown();
    });
  });
  afterAll(async () => {
    connections.forEach((connection) => {
      connection.onApplicationShutdown();
    });
    plain?.disconnect();
    await server?.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    rmSync(file, { force: true });
    await plain?.flushall();
    clock = new ManualClock();
  });

  const open = (replica = 0): RevokedTokens => {
    const connection = connections[replica];
    if (connection === undefined) return new FileRevokedTokens(file, clock);
    const tokens = new RedisRevokedTokens(connection, clock);
    opened.push(tokens);
    return tokens;
  };

  it('are good until they are taken back, then never again, restarts included', async () => {
    const tokens = open();
    expect(await tokens.isGood('one')).toBe(true);
    await tokens.add('one', clock.now() + 60_000);
    expect(await tokens.isGood('one')).toBe(false);
    expect(await tokens.isGood('other')).toBe(true);
    expect(await open().isGood('one')).toBe(false);
  });

  if (kind === 'Redis') {
    it('are refused by another replica at once, though it has just found them good', async () => {
      const [here, there] = [open(0), open(1)];
      // Only a standing subscription lets an answer be kept. Not 'one': the last test may still be telling Redis again of it.
      while ((await there.isGood('kept'), there.isGood('kept')) !== true)
        await new Promise((resume) => setTimeout(resume, 5));
      await here.add('kept', clock.now() + 60_000);
      await until(() => there.isGood('kept') !== true);
      expect(await there.isGood('kept')).toBe(false);
    });

    it('are refused though the store has come back empty, and are told to it again', async () => {
      const [here, there] = [open(0), open(1)];
      await here.add('one', clock.now() + 60_000);
      await untilAsync(() => isRefused(there));
      await server?.kill();
      await server?.start();
      await until(() => connections.every(({ available }) => available));
      expect([await here.isGood('one'), await there.isGood('one')]).toEqual([false, false]);
      await untilAsync(() => isRefused(open(1)));
      expect(await plain?.pttl('genoflow:revoked:one')).toBeLessThanOrEqual(60_000);
    });

    it('are refused here even where the store could not be told', async () => {
      const tokens = open();
      await server?.kill();
      await until(() => !connections[0]?.available);
      await expect(tokens.add('one', clock.now() + 60_000)).rejects.toMatchObject({ code: 'state_unavailable' });
      expect(tokens.isGood('one')).toBe(false);
      await server?.start();
      await until(() => connections.every(({ available }) => available));
      await untilAsync(() => isRefused(open(1)));
    });

    it('are kept as long as their token would live', async () => {
      await open().add('one', clock.now() + 60_000);
      const left = await plain?.pttl('genoflow:revoked:one');
      expect(left).toBeGreaterThan(30_000);
      expect(left).toBeLessThanOrEqual(60_000);
    });
  } else {
    it('are forgotten with the end of their token', async () => {
      const tokens = new FileRevokedTokens(file, clock, 2);
      await tokens.add('one', clock.now() + 1_000);
      await tokens.add('two', clock.now() + 2_000);
      await expect(tokens.add('three', clock.now() + 3_000)).rejects.toMatchObject({ code: 'state_unavailable' });
      clock.advance(1_000);
      await tokens.add('three', clock.now() + 3_000);
      expect(['two', 'three'].map((digest) => tokens.isGood(digest))).toEqual([false, false]);
    });

    it('are refused here even where the disk did not take it, and the caller is told', async () => {
      const tokens = open();
      mkdirSync(file);
      await expect(tokens.add('one', clock.now() + 1_000)).rejects.toMatchObject({ code: 'state_unavailable' });
      expect(tokens.isGood('one')).toBe(false);
      rmSync(file, { recursive: true });
    });

    it('are for nobody else to read', async () => {
      await open().add('one', clock.now() + 1_000);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    });
  }
});

import { inspect } from 'node:util';
import { SERVICE_URL_VARIABLES } from '../../src/kernel/services.js';
import { BuiltGateway } from '../support/built-gateway.js';
import { ScriptedBackends } from '../support/scripted-backends.js';
import { ChaosLoad } from './chaos-load.js';
import { breakableCluster, breakableSentinels, breakableSingle, type BreakableRedis } from './redis-faults.js';

/*
 * Breaks Redis at random, again and again, under two built gateways and a load, and holds them to the exact figures:
 *   npm run chaos:redis                      three minutes for each kind of Redis
 *   CHAOS_MINUTES=20 CHAOS_SEED=7 npm run chaos:redis
 */
const MINUTES = Number(process.env['CHAOS_MINUTES'] ?? 3);
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 100_000);
const WELL_WITHIN_MS = 5_000;
const GIVEN_UP_AFTER_MS = 30_000;
const MAX_CONNECTIONS = 20;
const WORKERS = 12;
const GATEWAYS = 2;

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const KINDS: readonly (readonly [string, () => Promise<BreakableRedis>])[] = [
  ['a single Redis', breakableSingle],
  ['Sentinel', breakableSentinels],
  ['a Cluster', breakableCluster],
];

describe(`over a Redis broken at random (CHAOS_SEED=${SEED})`, () => {
  it.each(KINDS)(
    'two gateways keep their promises: %s',
    async (kind, start) => {
      const redis = await start();
      const backends = await new ScriptedBackends().start();
      const gateways = await startGateways(redis.url, backends.url);
      try {
        await breakAndMend(kind, redis, gateways);
      } finally {
        await Promise.all(gateways.map((gateway) => gateway.close()));
        await Promise.all([redis.close(), backends.close()]);
      }
    },
    (MINUTES + 3) * 60_000,
  );
});

async function breakAndMend(kind: string, redis: BreakableRedis, gateways: readonly BuiltGateway[]): Promise<void> {
  const random = randomFrom(SEED);
  const load = new ChaosLoad(
    gateways.map(({ url }) => url),
    random,
  );
  const names = Object.keys(redis.faults);
  const rows = [];
  load.start(WORKERS);
  for (const end = performance.now() + MINUTES * 60_000; performance.now() < end;) {
    const fault = names[Math.floor(random() * names.length)] ?? '';
    const forMs = Math.round(200 + random() * 6_000);
    await redis.faults[fault]?.(forMs);
    const wellAfterMs = Math.round(await load.recovery(GIVEN_UP_AFTER_MS));
    const row = { fault, forMs, wellAfterMs, connections: await redis.connections() };
    rows.push(row);
    tell(kind, row);
  }
  await load.stop();
  const lines = gateways.flatMap(({ output }) => output.split('\n'));
  const changes = lines.filter((line) => line.includes('state store changed')).length;
  tell(kind, { ...load.report, changes });

  expect(load.report.faults).toEqual([]);
  expect(lines.filter((line) => line.includes('unexpected failure') || line.includes('Unhandled'))).toEqual([]);
  // Two lines for each gateway and outage; that of a fail-over may be told twice.
  expect(changes).toBeLessThanOrEqual(GATEWAYS * (2 + 4 * rows.length));
  for (const { wellAfterMs, connections } of rows) {
    expect(wellAfterMs).toBeLessThan(WELL_WITHIN_MS);
    expect(connections).toBeLessThanOrEqual(GATEWAYS * MAX_CONNECTIONS);
  }
}

/** At once, where jest would keep it to the end. */
const tell = (kind: string, what: object): void =>
  void process.stderr.write(`${kind}: ${inspect(what, { breakLength: 140 })}\n`);

function startGateways(redisUrl: string, backendUrl: string): Promise<BuiltGateway[]> {
  const urls = Object.fromEntries(Object.values(SERVICE_URL_VARIABLES).map((name) => [name, backendUrl]));
  const environment = {
    ...urls,
    REDIS_URL: redisUrl,
    JWT_SECRET: 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ',
    LOG_LEVEL: 'warn',
    TRUST_PROXY: 'loopback',
    RATE_LIMIT_PER_MINUTE: '100000',
    RATE_LIMIT_BURST: '100000',
    RATE_LIMIT_JOBS_PER_MINUTE: '100000',
    RATE_LIMIT_JOBS_BURST: '100000',
  };
  return Promise.all(Array.from({ length: GATEWAYS }, () => new BuiltGateway(environment).start()));
}

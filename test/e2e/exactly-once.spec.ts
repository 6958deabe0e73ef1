import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { BuiltGateway, eventually } from '../support/built-gateway.js';
import { generateReads } from '../support/generate-reads.js';
import { seededRandom } from '../support/message-mutations.js';

/** `npm run chaos:jobs` sets a thousand submissions and sixty kills. */
const SUBMISSIONS = Number(process.env.CHAOS_SUBMISSIONS ?? 40);
const KILLS = Number(process.env.CHAOS_KILLS ?? 2);
const SEED = Number(process.env.CHAOS_SEED ?? 20_261_125);
const CLIENTS = 4;
const TIMEOUT_MS = 120_000 + KILLS * 30_000;

interface Job {
  readonly job_id: string;
}

const gateway = new BuiltGateway({
  EXECUTION_WORKERS: '0',
  RATE_LIMIT_PER_MINUTE: '1000000',
  RATE_LIMIT_BURST: '1000000',
  RATE_LIMIT_JOBS_PER_MINUTE: '1000000',
  RATE_LIMIT_JOBS_BURST: '1000000',
  LOG_LEVEL: 'warn',
});
let authorization: { authorization: string };

beforeAll(async () => {
  await gateway.start();
  authorization = await gateway.login();
}, 90_000);
afterAll(() => gateway.close());

async function upload(name: string, body: Buffer, mate?: string): Promise<string> {
  const query = new URLSearchParams({
    sample_id: 'S1',
    file_name: name,
    ...(mate === undefined ? {} : { mate_of: mate }),
  });
  const response = await fetch(`${gateway.url}/api/v1/ingestion/upload?${query.toString()}`, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/gzip' },
    body: body as BodyInit,
  });
  return ((await response.json()) as { upload_id: string }).upload_id;
}

/** One try; undefined where the client cannot know whether a job was made, or knows that none was. */
async function trySubmit(key: string, body: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${gateway.url}/api/v1/execution/jobs`, {
      method: 'POST',
      headers: { ...authorization, 'content-type': 'application/json', 'idempotency-key': key },
      body,
      signal: AbortSignal.timeout(10_000),
    });
    if (response.status === 201) return ((await response.json()) as Job).job_id;
    // The sessions of a killed gateway without Redis die with it.
    if (response.status === 401) authorization = await gateway.login();
    expect([401, 409, 429, 500, 502, 503, 504]).toContain(response.status);
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'matcherResult' in error) throw error;
    return undefined;
  }
}

async function submitAll(body: string): Promise<Map<string, string>> {
  const jobs = new Map<string, string>();
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < SUBMISSIONS) {
      const key = `submission-${(next += 1)}`;
      for (let id: string | undefined; id === undefined;) {
        id = await trySubmit(key, body);
        if (id === undefined) await sleep(100);
        else jobs.set(key, id);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return jobs;
}

async function killAtRandom(random: () => number, isDone: () => boolean): Promise<number> {
  let kills = 0;
  while (kills < KILLS && !isDone()) {
    await sleep(random() * 700);
    kills += 1;
    if (random() < 0.5) {
      await gateway.kill();
      await gateway.start(gateway.port);
    } else {
      const [backends] = gateway.childPids();
      if (backends !== undefined) process.kill(backends, 'SIGKILL');
      await eventually(async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
    }
  }
  return kills;
}

async function jobsOfService(): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = `limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const response = await fetch(`${gateway.url}/api/v1/execution/jobs?${query}`, { headers: authorization });
    const page = (await response.json()) as { items: Job[]; next_cursor: string | null };
    ids.push(...page.items.map(({ job_id: id }) => id));
    cursor = page.next_cursor;
  }
  return ids;
}

describe(`${SUBMISSIONS} submissions under ${KILLS} kills of gateway and backends (seed ${SEED})`, () => {
  it(
    'make each its one job',
    async () => {
      const { reads1, reads2 } = generateReads({ pairs: 50 });
      const one = await upload('S1_R1.fastq.gz', gzipSync(reads1));
      const two = await upload('S1_R2.fastq.gz', gzipSync(reads2), one);
      const body = JSON.stringify({
        pipeline_id: 'fastq-preprocess',
        sample_id: 'S1',
        inputs: { reads_1: one, reads_2: two },
      });
      let done = false;
      const submitting = submitAll(body).finally(() => (done = true));
      const kills = await killAtRandom(seededRandom(SEED), () => done);
      const jobs = await submitting;
      authorization = await gateway.login();
      expect(kills).toBeGreaterThan(0);
      expect(new Set(jobs.values()).size).toBe(SUBMISSIONS);
      expect((await jobsOfService()).sort()).toEqual([...jobs.values()].sort());
    },
    TIMEOUT_MS,
  );
});

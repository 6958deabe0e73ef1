import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { fastqText, generatedReads } from '../fastq/testing/generated-reads.js';
import { openEmbedded, type OpenDatabase } from '../service/database.js';
import type { Identity } from '../service/identity.js';
import type { Peers } from '../service/peers.js';
import { BackendProblem } from '../service/problem.js';
import { runService, type TestCaller, type TestService } from '../service/testing/run-service.js';
import type { QcJob } from './jobs/qc-job.view.js';
import { qcService } from './qc.service.js';

const READS = gzipSync(fastqText(generatedReads(300, 9)));
const OTHER_INSTANCES = { databaseUrl: 'postgres://told-to-the-service-only' };

/** Ingestion as this service sees it: records by id, and their bytes. */
class FakeIngestion implements Peers {
  readonly uploads = new Map<string, Record<string, unknown>>();
  readonly contents = new Map<string, () => Readable>();
  readonly callers: (Identity | undefined)[] = [];
  downloads = 0;
  /** Held downloads wait for `release`. */
  gate: Promise<void> = Promise.resolve();
  failures: Error[] = [];

  add(uploadId: string, overrides: Record<string, unknown> = {}, content: Buffer = READS): void {
    this.uploads.set(uploadId, {
      upload_id: uploadId,
      status: 'completed',
      sample_id: 'S-1',
      file_name: `${uploadId}.fastq.gz`,
      file_type: 'fastq',
      file_size: content.length,
      read_count: 300,
      mate_of: null,
      mate_upload_id: null,
      ...overrides,
    });
    this.contents.set(uploadId, () => Readable.from([content]));
  }

  json<T>(_service: string, _method: string, path: string, options: { as?: Identity } = {}): Promise<T> {
    this.callers.push(options.as);
    const upload = this.uploads.get(path.replace('/upload/', ''));
    if (upload === undefined) return Promise.reject(new BackendProblem(404, 'upload_not_found', 'No such upload.'));
    return Promise.resolve(upload as T);
  }

  async download(_service: string, path: string): Promise<Readable> {
    this.downloads += 1;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    await this.gate;
    const open = this.contents.get(/^\/upload\/([^/]+)\/content$/.exec(path)?.[1] ?? '');
    if (open === undefined) throw new BackendProblem(404, 'upload_not_found', 'No such upload.');
    return open();
  }

  upload<T>(): Promise<T> {
    return Promise.reject(new Error('quality control uploads nothing'));
  }

  /** Keeps downloads waiting until the returned function is called. */
  hold(): () => void {
    let release = (): void => undefined;
    this.gate = new Promise((resolve) => (release = resolve));
    return release;
  }
}

let ingestion: FakeIngestion;
let database: OpenDatabase;
const running: TestService[] = [];

beforeAll(async () => {
  database = await openEmbedded();
});
afterAll(() => database.close());
beforeEach(() => {
  ingestion = new FakeIngestion();
  ingestion.add('upl_1');
});
afterEach(async () => {
  for (const service of running.splice(0)) await service.close();
  await database.database.execute(sql`delete from qc.jobs`);
});

async function start(settings: { qcWorkers: number; databaseUrl?: string } = { qcWorkers: 1 }): Promise<TestService> {
  const service = await runService(qcService, { peers: ingestion, database: database.database, settings });
  running.push(service);
  return service;
}

async function stop(service: TestService): Promise<void> {
  running.splice(running.indexOf(service), 1);
  await service.close();
}

const REQUEST = { sample_id: 'S-1', upload_id: 'upl_1' };

async function submit(service: TestService, request: object = REQUEST, as?: TestCaller): Promise<QcJob> {
  const response = await service.call('/analyze', { json: request, as });
  expect(response.status).toBe(202);
  return (await response.json()) as QcJob;
}

async function read(service: TestService, id: string): Promise<QcJob> {
  return (await (await service.call(`/results/${id}`)).json()) as QcJob;
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 1000; i += 1) {
    if (await condition()) return;
    await delay(10);
  }
  throw new Error('it did not come about');
}

async function finished(service: TestService, id: string): Promise<QcJob> {
  let job = await read(service, id);
  await until(async () => ['completed', 'failed'].includes((job = await read(service, id)).status));
  return job;
}

describe('POST /analyze', () => {
  it('queues a job, runs it and answers with its report', async () => {
    const service = await start();
    const response = await service.call('/analyze', { json: { ...REQUEST, assay: 'viral' } });
    expect(response.status).toBe(202);
    const submitted = (await response.json()) as QcJob;
    expect(response.headers.get('location')).toBe(`results/${submitted.qc_job_id}`);
    expect(submitted).toMatchObject({ status: 'queued', verdict: null, files: [], pair: null, error: null });
    const job = await finished(service, submitted.qc_job_id);
    expect(job).toMatchObject({ status: 'completed', sample_id: 'S-1', assay: 'viral', verdict: 'fail', pair: null });
    expect(job.progress).toEqual({ processed_bytes: READS.length, total_bytes: READS.length, percent: 100 });
    expect(job.files[0]).toMatchObject({ upload_id: 'upl_1', file_name: 'upl_1.fastq.gz' });
    expect(job.files[0]?.summary.total_sequences).toBe(300);
    expect(job.files[0]?.modules).toHaveLength(11);
  });

  it('asks ingestion as the caller, and reports on both mates', async () => {
    ingestion.add('upl_2', { mate_of: 'upl_1' });
    const service = await start();
    const { qc_job_id } = await submit(service, { ...REQUEST, mate_upload_id: 'upl_2' }, { userId: 'usr_7' });
    expect(ingestion.callers.map((caller) => caller?.userId)).toEqual(['usr_7', 'usr_7']);
    const job = await finished(service, qc_job_id);
    expect(job.files.map(({ upload_id }) => upload_id)).toEqual(['upl_1', 'upl_2']);
    expect(job.pair?.total_reads).toBe(600);
  });

  it.each([
    ['an upload nobody has', { ...REQUEST, upload_id: 'upl_9' }, {}, 404, 'upload_not_found'],
    ['an id that could leave the path', { ...REQUEST, upload_id: '../users' }, {}, 404, 'upload_not_found'],
    ['an upload under way', REQUEST, { status: 'receiving' }, 409, 'upload_not_ready'],
    ['an upload that failed', REQUEST, { status: 'failed' }, 409, 'upload_not_ready'],
    ['a file of variants', REQUEST, { file_type: 'vcf' }, 422, 'not_fastq'],
    ["another sample's upload", REQUEST, { sample_id: 'S-2' }, 422, 'invalid_request'],
    ['an unknown assay', { ...REQUEST, assay: 'horoscope' }, {}, 422, 'unknown_assay'],
    ['a file as its own mate', { ...REQUEST, mate_upload_id: 'upl_1' }, {}, 422, 'mates_mismatch'],
    [
      "another file's mate",
      { ...REQUEST, mate_upload_id: 'upl_2' },
      { mate_upload_id: 'upl_3' },
      422,
      'mates_mismatch',
    ],
    ['mates of different size', { ...REQUEST, mate_upload_id: 'upl_2' }, { read_count: 7 }, 422, 'mates_mismatch'],
    ['an unknown member', { ...REQUEST, priority: 1 }, {}, 422, 'invalid_request'],
    ['no sample', { upload_id: 'upl_1' }, {}, 422, 'invalid_request'],
  ])('refuses %s', async (_what, request, upload, status, code) => {
    ingestion.add('upl_1', upload);
    ingestion.add('upl_2');
    const service = await start({ qcWorkers: 0 });
    const response = await service.call('/analyze', { json: request });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it('refuses more than a thousand waiting jobs', async () => {
    const service = await start({ qcWorkers: 0 });
    await submit(service);
    await database.database
      .execute(sql`insert into qc.jobs (qc_job_id, status, owner, sample_id, assay, inputs, created_at)
      select 'qc_' || n, status, owner, sample_id, assay, inputs, created_at from qc.jobs, generate_series(1, 999) n`);
    const response = await service.call('/analyze', { json: REQUEST });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
  });
});

describe('GET /results/{id}', () => {
  it("hides a technician's jobs from other technicians exactly like unknown ones", async () => {
    const service = await start({ qcWorkers: 0 });
    const { qc_job_id } = await submit(service, REQUEST, { userId: 'usr_a', roles: ['technician'] });
    const answer = async (id: string, as: TestCaller): Promise<unknown> => {
      const response = await service.call(`/results/${id}`, { as });
      return [response.status, response.status === 200 ? '' : await response.json()];
    };
    const stranger = { userId: 'usr_b', roles: ['technician'] };
    expect(await answer(qc_job_id, stranger)).toEqual(await answer('qc_unknown', stranger));
    expect(await answer('qc_unknown', stranger)).toMatchObject([404, { code: 'qc_job_not_found' }]);
    expect(await answer(qc_job_id, { userId: 'usr_a', roles: ['technician'] })).toEqual([200, '']);
    expect(await answer(qc_job_id, { userId: 'usr_c', roles: ['clinician'] })).toEqual([200, '']);
  });
});

describe('a quality control job', () => {
  it('fails with what is wrong in the file and where', async () => {
    ingestion.add('upl_1', {}, Buffer.from('@a\nAC\n+\nII\n@b\nAC\n+\nI\n'));
    const service = await start();
    const job = await finished(service, (await submit(service)).qc_job_id);
    expect(job).toMatchObject({ status: 'failed', verdict: null, files: [] });
    expect(job.error).toMatchObject({ code: 'fastq_length_mismatch', record: 2 });
  });

  it('fails for an upload that is gone by then', async () => {
    ingestion.contents.clear();
    const service = await start();
    const job = await finished(service, (await submit(service)).qc_job_id);
    expect(job.error?.code).toBe('upload_not_found');
  });

  it('is put back while ingestion is away, and given up after four attempts', async () => {
    ingestion.failures = Array.from({ length: 9 }, () => new BackendProblem(503, 'peer_unavailable', 'Away.'));
    const service = await start();
    const { qc_job_id } = await submit(service);
    await until(async () => {
      await database.database.execute(sql`update qc.jobs set available_at = now() where status = 'queued'`);
      return (await read(service, qc_job_id)).status === 'failed';
    });
    expect((await read(service, qc_job_id)).error?.code).toBe('attempts_exhausted');
    expect(ingestion.downloads).toBe(4);
  }, 30_000);

  it('is handed back by a graceful stop and finished by the next process', async () => {
    const release = ingestion.hold();
    const first = await start();
    const { qc_job_id } = await submit(first);
    await until(async () => (await read(first, qc_job_id)).status === 'running');
    const stopped = stop(first);
    await delay(50);
    release();
    await stopped;
    const rows = await database.database.execute(sql`select status, attempt, lease from qc.jobs`);
    expect(rows).toMatchObject({ rows: [{ status: 'queued', attempt: 0, lease: null }] });
    expect((await finished(await start(), qc_job_id)).status).toBe('completed');
  });

  it('is taken up again at once when the only process of an embedded database had died with it', async () => {
    const service = await start({ qcWorkers: 0 });
    const { qc_job_id } = await submit(service);
    await database.database.execute(sql`update qc.jobs
      set status = 'running', lease = 'dead', lease_until = now() + interval '1 hour', attempt = 1`);
    expect((await finished(await start(), qc_job_id)).status).toBe('completed');
  });

  it('is left to its holder while the lease runs and taken over once it has run out', async () => {
    const idle = await start({ qcWorkers: 0, ...OTHER_INSTANCES });
    const { qc_job_id } = await submit(idle);
    await database.database.execute(sql`update qc.jobs
      set status = 'running', lease = 'other', lease_until = now() + interval '1 hour', attempt = 1`);
    const service = await start({ qcWorkers: 2, ...OTHER_INSTANCES });
    await delay(200);
    expect((await read(service, qc_job_id)).status).toBe('running');
    expect(ingestion.downloads).toBe(0);
    await database.database.execute(sql`update qc.jobs set lease_until = now() - interval '1 second'`);
    expect((await finished(service, qc_job_id)).status).toBe('completed');
  });

  it('is written by nobody who lost its lease', async () => {
    const release = ingestion.hold();
    const service = await start({ qcWorkers: 1, ...OTHER_INSTANCES });
    const { qc_job_id } = await submit(service);
    await until(() => ingestion.downloads === 1);
    await database.database.execute(sql`update qc.jobs
      set lease = 'other', lease_until = now() + interval '1 hour'`);
    release();
    await stop(service);
    const rows = await database.database.execute(sql`select status, lease from qc.jobs where qc_job_id = ${qc_job_id}`);
    expect(rows).toMatchObject({ rows: [{ status: 'running', lease: 'other' }] });
  });

  it('runs once where two instances with several workers share the queue', async () => {
    const idle = await start({ qcWorkers: 0, ...OTHER_INSTANCES });
    const ids = await Promise.all(Array.from({ length: 12 }, async () => (await submit(idle)).qc_job_id));
    const instances = await Promise.all([1, 2].map(() => start({ qcWorkers: 3, ...OTHER_INSTANCES })));
    const jobs = await Promise.all(ids.map((id, i) => finished(instances[i % 2] ?? idle, id)));
    expect(jobs.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
    expect(ingestion.downloads).toBe(ids.length);
    const rows = await database.database.execute(sql`select distinct attempt from qc.jobs`);
    expect(rows).toMatchObject({ rows: [{ attempt: 1 }] });
  }, 30_000);
});

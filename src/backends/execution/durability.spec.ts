import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { toolPath } from '../service/tool-path.js';
import { systemClock } from '../service/clock.js';
import { openEmbedded, type OpenDatabase } from '../service/database.js';
import { migrate } from '../service/migrations.js';
import { runService, type TestService } from '../service/testing/run-service.js';
import { executionService } from './execution.service.js';
import { executionMigrations } from './jobs/execution.migrations.js';
import { JobQueue } from './jobs/job-queue.js';
import { JobSignals } from './jobs/job-signals.js';
import { JobStore } from './jobs/job.store.js';
import type { Job } from './jobs/job.types.js';
import { ownIdentity } from './processes/instance-identity.js';
import { killLeftovers, markOf } from './processes/job-processes.js';
import { processesMarked, startOf } from './processes/process-table.js';
import { compileBackends } from './testing/compiled-backends.js';
import { sleeper } from './testing/sample-pipelines.js';
import { ScriptedPeers } from './testing/scripted-peers.js';
import { waitUntil } from './testing/wait-until.js';
import { freshProgress } from './work/step-plan.js';

const hasCwltool = toolPath()
  .split(delimiter)
  .some((directory) => existsSync(join(directory, 'cwltool')));
if (!hasCwltool && process.env['CI_REQUIRE_SERVERS'] === '1') throw new Error('cwltool is not on PATH.');
const withCwltool = hasCwltool ? it : it.skip;
const note = hasCwltool ? '' : ' (left out: cwltool is not on PATH)';

const isAlive = async (pid: number): Promise<boolean> => (await startOf(pid)) !== undefined;
const marked = (jobId: string): Promise<number[]> => processesMarked(markOf(jobId));

describe('a job', () => {
  let directory: string;
  let peers: ScriptedPeers;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'execution-'));
    peers = peersIn(directory, 60);
    await writeFile(join(directory, 'reads.fastq'), '@r\nA\n+\nI\n');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const peersIn = (home: string, seconds: number): ScriptedPeers => {
    const scripted = new ScriptedPeers(home);
    scripted.definitions.set('sleeper', sleeper(seconds));
    scripted.uploads.set('upl_1', { path: join(home, 'reads.fastq') });
    return scripted;
  };
  const submit = async (service: Pick<TestService, 'call'>): Promise<Job> => {
    const json = { pipeline_id: 'sleeper', sample_id: 'S1', inputs: { reads_1: 'upl_1' } };
    return (await service.call('/jobs', { json })).json();
  };
  const when = (service: Pick<TestService, 'call'>, jobId: string, status: string): Promise<Job> =>
    waitUntil(async () => {
      const job: Job = await (await service.call(`/jobs/${jobId}`)).json();
      return job.status === status ? job : undefined;
    });
  /** cwltool, bash and both sleeps of the tool. */
  const napping = (jobId: string): Promise<number[]> =>
    waitUntil(async () => {
      const pids = await marked(jobId);
      return pids.length >= 3 ? pids : undefined;
    });

  withCwltool(`takes its whole process group with it when it is cancelled${note}`, async () => {
    const service = await runService(executionService, { peers, settings: { executionWorkers: 1 } });
    try {
      const { job_id: jobId } = await submit(service);
      const pids = await napping(jobId);
      expect((await service.call(`/jobs/${jobId}/cancel`, { method: 'POST' })).status).toBe(202);
      expect(await when(service, jobId, 'cancelled')).toMatchObject({ error: null });
      expect(await Promise.all(pids.map(isAlive))).toEqual(pids.map(() => false));
      expect(await marked(jobId)).toEqual([]);
      expect(await (await service.call(`/jobs/${jobId}/logs`)).text()).toContain('napping');
    } finally {
      await service.close();
    }
  });

  withCwltool(`is handed back, with nothing of it left running, when the service stops${note}`, async () => {
    const opened = await openEmbedded();
    const options = { peers, settings: { executionWorkers: 1 }, database: opened.database, dataDir: directory };
    const service = await runService(executionService, options);
    const { job_id: jobId } = await submit(service);
    await napping(jobId);
    await service.close();
    expect(await marked(jobId)).toEqual([]);
    const next = await runService(executionService, {
      ...options,
      peers: peersIn(directory, 0),
      settings: { executionWorkers: 0 },
    });
    expect(await (await next.call(`/jobs/${jobId}`)).json()).toMatchObject({ status: 'queued', attempt: 0 });
    await next.close();
    await opened.close();
  });

  withCwltool(
    `survives kill -9 of its service, again and again, until its attempts are used up${note}`,
    async () => {
      const program = await compileBackends(PROGRAM);
      const lives: ChildProcess[] = [];
      const live = async (): Promise<Pick<TestService, 'call'> & { pid: number }> => {
        const child = spawn(process.execPath, [program.path, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
        lives.push(child);
        const told = await new Promise<string>((resolve, reject) => {
          child.stdout.once('data', (data: Buffer) => resolve(data.toString()));
          child.once('exit', () => reject(new Error('The service ended at once.')));
        });
        const { url, token } = JSON.parse(told) as { url: string; token: string };
        const call: TestService['call'] = (path, init = {}) =>
          fetch(`${url}${path}`, {
            method: init.json === undefined ? (init.method ?? 'GET') : 'POST',
            headers: { 'x-genoflow-identity': token, 'content-type': 'application/json' },
            body: init.json === undefined ? undefined : JSON.stringify(init.json),
          });
        return { call, pid: child.pid ?? 0 };
      };
      try {
        const first = await live();
        const { job_id: jobId } = await submit(first);
        const old = await napping(jobId);
        process.kill(first.pid, 'SIGKILL');
        await waitUntil(async () => !(await isAlive(first.pid)));
        expect(await Promise.all(old.map(isAlive))).toEqual(old.map(() => true));
        const second = await live();
        // What was killed has let go of everything, though the kernel may not have taken it off its table yet.
        expect((await marked(jobId)).filter((pid) => old.includes(pid))).toEqual([]);
        const resumed = await waitUntil(async () => {
          const job: Job = await (await second.call(`/jobs/${jobId}`)).json();
          return job.status === 'running' ? job : undefined;
        });
        expect(resumed.attempt).toBe(2);
        const again = await napping(jobId);
        process.kill(second.pid, 'SIGKILL');
        await waitUntil(async () => !(await isAlive(second.pid)));
        const third = await live();
        await napping(jobId);
        process.kill(third.pid, 'SIGKILL');
        await waitUntil(async () => !(await isAlive(third.pid)));
        const fourth = await live();
        expect(await when(fourth, jobId, 'failed')).toMatchObject({
          attempt: 3,
          error: { code: 'attempts_exhausted' },
        });
        expect(await Promise.all(again.map(isAlive))).toEqual(again.map(() => false));
        expect(await marked(jobId)).toEqual([]);
        expect(await readdir(join(directory, 'execution', 'work'))).toEqual([]);
      } finally {
        for (const child of lives) child.kill('SIGKILL');
        await program.remove();
      }
    },
    120_000,
  );

  withCwltool(`ends with its output when it is let run${note}`, async () => {
    const service = await runService(executionService, {
      peers: (peers = peersIn(directory, 0)),
      settings: { executionWorkers: 1 },
    });
    try {
      const { job_id: jobId } = await submit(service);
      const job = await when(service, jobId, 'completed');
      expect(job.progress.steps.map((step) => step.status)).toEqual(['completed', 'completed', 'completed']);
      expect((await peers.result(jobId, 'S1.txt')).toString()).toBe('rested\n');
      expect(await readFile(join(directory, 'completions'), 'utf8')).toBe(`${jobId}\n`);
    } finally {
      await service.close();
    }
  });
});

describe('the queue', () => {
  let opened: OpenDatabase;

  beforeEach(async () => {
    opened = await openEmbedded();
    await migrate(opened.database, { name: 'execution', migrations: executionMigrations });
  });
  afterEach(() => opened.close());

  const queueOf = async (): Promise<JobQueue> =>
    new JobQueue(opened.database, systemClock, new JobSignals(), await ownIdentity());
  const fill = async (count: number): Promise<JobStore> => {
    const store = new JobStore(opened.database, systemClock, new JobSignals());
    const definition = sleeper(1);
    for (let index = 0; index < count; index += 1) {
      await store.submit({
        owner: 'usr_test',
        project: 'default',
        sampleId: 'S1',
        pipelineId: 'sleeper',
        pipelineVersion: '1.0.0',
        configurationId: null,
        definition,
        inputs: {},
        parameters: {},
        tags: [],
        progress: freshProgress(definition),
      });
    }
    return store;
  };

  it('gives each job to one of many who claim at once', async () => {
    await fill(12);
    const queues = await Promise.all([queueOf(), queueOf(), queueOf(), queueOf()]);
    const claims = await Promise.all(queues.flatMap((queue) => [1, 2, 3, 4].map(() => queue.claim())));
    const ids = claims.flatMap((job) => (job === undefined ? [] : [job.jobId]));
    expect(ids).toHaveLength(12);
    expect(new Set(ids).size).toBe(12);
  });

  it('lets one of two recover an abandoned job, and its former holder write nothing more', async () => {
    await fill(1);
    const [former, one, other] = await Promise.all([queueOf(), queueOf(), queueOf()]);
    const job = await former.claim();
    if (job === undefined) throw new Error('nothing claimed');
    expect(await one.abandoned([])).toEqual([]);
    await opened.database.execute(`update execution.jobs set lease_until = now() - interval '1 second'`);
    const [found] = await one.abandoned([]);
    if (found === undefined) throw new Error('nothing abandoned');
    const leases = await Promise.all([one.takeOver(found), other.takeOver(found)]);
    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
    const stale = { jobId: job.jobId, epoch: job.leaseEpoch };
    await expect(former.renew(stale)).rejects.toMatchObject({ name: 'LeaseLostError' });
    expect(await former.change(stale, { to: 'running' })).toBeUndefined();
  });

  it('does not take a job whose holder renewed in time', async () => {
    await fill(1);
    const [holder, other] = await Promise.all([queueOf(), queueOf()]);
    const job = await holder.claim();
    if (job === undefined) throw new Error('nothing claimed');
    await opened.database.execute(`update execution.jobs set lease_until = now() - interval '1 second'`);
    const [found] = await other.abandoned([]);
    if (found === undefined) throw new Error('nothing abandoned');
    expect(await holder.renew({ jobId: job.jobId, epoch: job.leaseEpoch })).toBe('starting');
    expect(await other.takeOver(found)).toBeUndefined();
  });

  it('makes no illegal step, whoever asks', async () => {
    const store = await fill(1);
    const queue = await queueOf();
    const job = await queue.claim();
    if (job === undefined) throw new Error('nothing claimed');
    const lease = { jobId: job.jobId, epoch: job.leaseEpoch };
    expect(await queue.change(lease, { to: 'completed' })).toBeUndefined();
    await store.cancel(job.jobId);
    expect(await queue.change(lease, { to: 'running' })).toBeUndefined();
    expect(await queue.change(lease, { to: 'cancelled' })).toMatchObject({ status: 'cancelled' });
  });
});

describe('left-over processes', () => {
  it('are not looked for behind a number that another process has by now', async () => {
    const bystander = spawn('sleep', ['30'], { detached: true, stdio: 'ignore' });
    const pgid = bystander.pid ?? 0;
    try {
      const { machine } = await ownIdentity();
      await killLeftovers('job_none', { machine, pgid, start: '1' }, machine);
      expect(await isAlive(pgid)).toBe(true);
      const start = (await startOf(pgid)) ?? '';
      await killLeftovers('job_none', { machine: 'elsewhere', pgid, start }, machine);
      expect(await isAlive(pgid)).toBe(true);
      await killLeftovers('job_none', { machine, pgid, start }, machine);
      await waitUntil(async () => !(await isAlive(pgid)));
    } finally {
      bystander.kill('SIGKILL');
    }
  });
});

/** The execution service in a process of its own, over a database on disk. */
const PROGRAM = `
import { join } from 'node:path';
import { executionService } from './execution/execution.service.js';
import { sleeper } from './execution/testing/sample-pipelines.js';
import { ScriptedPeers } from './execution/testing/scripted-peers.js';
import { openEmbedded } from './service/database.js';
import { runService } from './service/testing/run-service.js';

const directory = process.argv[2] ?? '';
const peers = new ScriptedPeers(directory);
peers.definitions.set('sleeper', sleeper(60));
peers.uploads.set('upl_1', { path: join(directory, 'reads.fastq') });
const { database } = await openEmbedded(join(directory, 'database'));
const settings = { executionWorkers: 1 };
const service = await runService(executionService, { peers, database, dataDir: directory, settings });
process.stdout.write(JSON.stringify({ url: service.url, token: service.tokenFor() }));
`;

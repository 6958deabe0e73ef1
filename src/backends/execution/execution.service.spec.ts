import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runService, type TestCaller, type TestService } from '../service/testing/run-service.js';
import { fastqPreprocess } from '../pipelines/catalogue/fastq-preprocess.pipeline.js';
import { executionService } from './execution.service.js';
import type { Job, PipelineDefinition } from './jobs/job.types.js';
import { ScriptedPeers } from './testing/scripted-peers.js';
import { waitUntil } from './testing/wait-until.js';

const TECHNICIAN: TestCaller = { userId: 'usr_technician', roles: ['technician'] };
const PEER: TestCaller = { kind: 'peer', userId: 'service:monitoring', roles: [] };
const PARAMETERS = { quality_cutoff: 20, min_length: 20, max_n_bases: 5 };

const reads = (mate: 1 | 2): string =>
  Array.from({ length: 40 }, (_none, index) => {
    const sequence = (mate === 1 ? 'ACGTTGCA' : 'TTGACCAG').repeat(6);
    return `@read${index}/${mate}\n${sequence}\n+\n${'I'.repeat(sequence.length)}\n`;
  }).join('');

interface SentEvent {
  readonly id: number;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

const eventsIn = (text: string): SentEvent[] =>
  [...text.matchAll(/id: (\d+)\nevent: (\w+)\ndata: (.+)\n\n/g)].map(([, id, event, data]) => ({
    id: Number(id),
    event: event ?? '',
    data: JSON.parse(data ?? '{}') as Record<string, unknown>,
  }));

describe('the execution service', () => {
  let service: TestService;
  let peers: ScriptedPeers;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'execution-'));
    peers = new ScriptedPeers(directory);
    const native = fastqPreprocess as unknown as PipelineDefinition;
    peers.definitions.set('fastq-preprocess', native);
    peers.definitions.set('unrunnable', { ...native, pipeline_id: 'unrunnable', required_tools: ['no-such-tool'] });
    for (const mate of [1, 2] as const) {
      const path = join(directory, `mate${mate}.fastq`);
      await writeFile(path, reads(mate));
      peers.uploads.set(`upl_${mate}`, { path });
      peers.uploads.set(`upl_open_${mate}`, { path, fields: { status: 'receiving', sha256: null } });
      peers.uploads.set(`upl_other_${mate}`, { path, fields: { sample_id: 'S2' } });
      peers.uploads.set(`upl_wrong_${mate}`, { path, fields: { sha256: 'f'.repeat(64) } });
      peers.uploads.set(`upl_mated_${mate}`, { path, fields: { mate_upload_id: 'upl_elsewhere' } });
    }
    const odd = join(directory, 'odd.fastq');
    await writeFile(odd, reads(2).replace('@read3/2', '@other/2'));
    peers.uploads.set('upl_odd', { path: odd });
    service = await runService(executionService, { peers, settings: { executionWorkers: 1 } });
  }, 60_000);

  afterAll(async () => {
    await service.close();
    await rm(directory, { recursive: true, force: true });
  });

  beforeEach(() => {
    peers.before = () => undefined;
  });

  const bodyWith = (values: Record<string, unknown> = {}) => ({
    pipeline_id: 'fastq-preprocess',
    sample_id: 'S1',
    inputs: { reads_1: 'upl_1', reads_2: 'upl_2' },
    parameters: PARAMETERS,
    ...values,
  });
  const submit = (values?: Record<string, unknown>, headers?: Record<string, string>, as?: TestCaller) =>
    service.call('/jobs', { json: bodyWith(values), headers, as });
  const submitted = async (values?: Record<string, unknown>): Promise<Job> => (await submit(values)).json();
  const read = async (jobId: string): Promise<Job> => (await service.call(`/jobs/${jobId}`)).json();
  const ended = (jobId: string): Promise<Job> =>
    waitUntil(async () => {
      const job = await read(jobId);
      return ['completed', 'failed', 'cancelled'].includes(job.status) ? job : undefined;
    });
  /** Holds the worker inside the staging of a job until released. */
  const hold = () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    peers.before = (call) => (call.includes('/content') ? gate : undefined);
    return release;
  };

  it('runs a job to its results and only then calls it completed', async () => {
    const answer = await submit({ tags: ['routine'] });
    expect(answer.status).toBe(201);
    const created: Job = await answer.json();
    expect(answer.headers.get('location')).toBe(`jobs/${created.job_id}`);
    expect(created).toMatchObject({
      owner: 'usr_test',
      tags: ['routine'],
      inputs: { reads_1: 'upl_1', reads_2: 'upl_2' },
    });
    const job = await ended(created.job_id);
    expect(job).toMatchObject({ status: 'completed', attempt: 1, error: null, progress: { percent: 100, step: null } });
    expect(job.progress.steps.map((step) => [step.name, step.status])).toEqual([
      ['stage_inputs', 'completed'],
      ['preprocess', 'completed'],
      ['report', 'completed'],
      ['store_results', 'completed'],
    ]);
    const completion = peers.completions.find((each) => each.jobId === job.job_id);
    expect(completion?.body.files.map((file) => file.name)).toEqual([
      'S1_R1.trimmed.fastq.gz',
      'S1_R2.trimmed.fastq.gz',
      'S1.preprocess.json',
      'S1.preprocess.html',
    ]);
    const trimmed = gunzipSync(await peers.result(job.job_id, 'S1_R1.trimmed.fastq.gz')).toString();
    expect(trimmed.split('\n').length).toBe(161);
    const report = JSON.parse((await peers.result(job.job_id, 'S1.preprocess.json')).toString());
    expect(report).toMatchObject({ before: { total_reads: 80, total_bases: 3840 }, after: { total_reads: 80 } });
  });

  it('streams the events of a job in order, resumes after any of them, and says when not to come back', async () => {
    const { job_id: jobId } = await submitted();
    const stream = await service.call(`/jobs/${jobId}/events`);
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const all = eventsIn(await stream.text());
    expect(all.map((each) => each.id)).toEqual(all.map((_each, index) => index + 1));
    expect(all.filter((each) => each.event === 'status').map((each) => each.data['status'])).toEqual([
      'queued',
      'starting',
      'running',
      'completed',
    ]);
    expect(all.at(-1)).toMatchObject({ event: 'end', data: { job_id: jobId, status: 'completed' } });
    const resume = async (id: string) => service.call(`/jobs/${jobId}/events`, { headers: { 'last-event-id': id } });
    expect(eventsIn(await (await resume('3')).text())).toEqual(all.slice(3));
    expect((await resume(String(all.length))).status).toBe(204);
    expect((await resume('soon')).status).toBe(422);
  });

  it('replays a submission with the same key, whoever wins a race, and refuses the key with another body', async () => {
    const key = { 'idempotency-key': '"key-1"' };
    const answers = await Promise.all([submit({}, key), submit({}, key), submit({}, key)]);
    const ids = new Set(await Promise.all(answers.map(async (answer) => ((await answer.json()) as Job).job_id)));
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201]);
    expect(ids.size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(2);
    const other = await submit({ tags: ['other'] }, key);
    expect([other.status, (await other.json()).code]).toEqual([422, 'idempotency_key_reused']);
    const stranger: Job = await (await submit({}, key, { userId: 'usr_other' })).json();
    expect(ids.has(stranger.job_id)).toBe(false);
    for (const id of [...ids, stranger.job_id]) await ended(id);
    expect((await submit({}, { 'idempotency-key': 'x'.repeat(256) })).status).toBe(422);
  });

  it('cancels a waiting job at once, a running one by stopping it, and no job that has ended', async () => {
    const release = hold();
    const running = await submitted();
    const waiting = await submitted();
    await waitUntil(async () => (await read(running.job_id)).status === 'starting');
    const cancel = (job: Job) => service.call(`/jobs/${job.job_id}/cancel`, { method: 'POST' });
    expect(await (await cancel(waiting)).json()).toMatchObject({ status: 'cancelled', attempt: 0 });
    const answer = await cancel(running);
    expect([answer.status, ((await answer.json()) as Job).status]).toEqual([202, 'cancelling']);
    release();
    expect(await ended(running.job_id)).toMatchObject({
      status: 'cancelled',
      progress: { steps: [{ name: 'stage_inputs', status: 'cancelled' }, {}, {}, {}] },
    });
    const late = await cancel(running);
    expect([late.status, (await late.json()).code]).toEqual([409, 'job_finished']);
    expect(peers.completions.some((each) => each.jobId === running.job_id)).toBe(false);
  });

  it.each([
    [{ inputs: { reads_1: 'upl_wrong_1', reads_2: 'upl_2' } }, 'input_corrupt'],
    [{ inputs: { reads_1: 'upl_1', reads_2: 'upl_odd' } }, 'mates_mismatch'],
  ])('fails the job with %j for a reason', async (values, code) => {
    const job = await ended((await submitted(values)).job_id);
    expect(job).toMatchObject({ status: 'failed', error: { code } });
    expect(job.error?.detail).not.toContain('/');
    expect(await (await service.call(`/jobs/${job.job_id}/logs`)).text()).toContain('attempt 1 ends: failed');
  });

  it.each([
    [{ pipeline_id: 'nothing' }, 404, 'pipeline_not_found'],
    [{ pipeline_id: 'unrunnable' }, 409, 'pipeline_not_runnable'],
    [{ configuration_id: 'cfg_none' }, 404, 'configuration_not_found'],
    [{ inputs: undefined }, 422, 'input_missing'],
    [{ inputs: { reads_1: 'upl_1' } }, 422, 'input_missing'],
    [{ inputs: { reads_1: 'upl_1', reads_2: 'upl_none' } }, 404, 'upload_not_found'],
    [{ inputs: { reads_1: 'upl_open_1', reads_2: 'upl_2' } }, 409, 'input_not_ready'],
    [{ inputs: { reads_1: 'upl_other_1', reads_2: 'upl_2' } }, 422, 'sample_mismatch'],
    [{ inputs: { reads_1: 'upl_1', reads_2: 'upl_1' } }, 422, 'mates_mismatch'],
    [{ inputs: { reads_1: 'upl_mated_1', reads_2: 'upl_2' } }, 422, 'mates_mismatch'],
    [{ inputs: { reads_1: '../x', reads_2: 'upl_2' } }, 422, 'invalid_request'],
    [{ sample_id: '-o/etc/passwd' }, 422, 'invalid_request'],
    [{ sample_id: 'S1; rm -rf /' }, 422, 'invalid_request'],
    [{ sample_id: '..' }, 422, 'invalid_request'],
    [{ tags: ['a\nb'] }, 422, 'invalid_request'],
    [{ priority: 1 }, 422, 'invalid_request'],
  ])('refuses the submission of %j and stores nothing', async (values, status, code) => {
    const before = await (await service.call('/statistics', { as: PEER })).json();
    const answer = await submit(values);
    expect([answer.status, (await answer.json()).code]).toEqual([status, code]);
    expect(await (await service.call('/statistics', { as: PEER })).json()).toEqual(before);
  });

  it('shows a technician only what is theirs', async () => {
    const own: Job = await (await submit({}, {}, TECHNICIAN)).json();
    const foreign = await submitted();
    const list = await (await service.call('/jobs?limit=100', { as: TECHNICIAN })).json();
    expect(list.items.map((job: Job) => job.job_id)).toEqual([own.job_id]);
    for (const path of ['', '/logs', '/events', '/cancel']) {
      const method = path === '/cancel' ? 'POST' : 'GET';
      const answer = await service.call(`/jobs/${foreign.job_id}${path}`, { as: TECHNICIAN, method });
      expect([answer.status, (await answer.json()).code]).toEqual([404, 'job_not_found']);
    }
    await ended(own.job_id);
    await ended(foreign.job_id);
  });

  it('pages through jobs, newest first, each once', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await (await service.call(`/jobs?status=completed&limit=2${cursor}`)).json();
      seen.push(...page.items.map((job: Job) => job.created_at));
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...seen].sort().reverse());
    expect((await service.call('/jobs?status=asleep')).status).toBe(422);
    expect((await service.call('/jobs?cursor=!!')).status).toBe(422);
  });

  it('tells services, and nobody else, its tools and its counts', async () => {
    expect((await service.call('/capabilities')).status).toBe(403);
    expect((await service.call('/statistics')).status).toBe(403);
    const { tools } = await (await service.call('/capabilities', { as: PEER })).json();
    expect(tools.find((tool: { tool: string }) => tool.tool === 'bash')).toMatchObject({
      available: true,
      version: expect.stringMatching(/^\d+\.\d/),
    });
    const counts = await (await service.call('/statistics', { as: PEER })).json();
    expect(counts).toMatchObject({ queued: 0, starting: 0, running: 0, cancelling: 0 });
    expect(counts.completed).toBeGreaterThan(0);
  });
});

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { followEvents } from '../client/event-stream.mjs';
import { ProgressBar } from '../console/progress-bar.mjs';
import { formatBytes, table } from '../console/table.mjs';

const QC_DEADLINE_MS = 3_600_000;
const FIRST_POLL_MS = 200;
const LAST_POLL_MS = 2_000;
const LINK_SECONDS = 900;

export async function checkQuality(job) {
  const started = await job.client.json('POST', 'api/v1/qc/analyze', {
    sample_id: job.sampleId,
    upload_id: job.uploads.reads_1,
    mate_upload_id: job.uploads.reads_2,
  });
  const qc = await waitForQuality(job, started.qc_job_id);
  if (qc.status === 'failed') throw new Error(`the quality check failed: ${qc.error?.detail ?? 'no reason given'}`);
  job.say(verdictTable(qc));
  return `verdict ${qc.verdict}${qc.pair ? `, Q30 ${(qc.pair.q30_rate * 100).toFixed(1)} %` : ''}`;
}

export async function listPipelines(job) {
  job.pipelines = [];
  let cursor = '';
  do {
    const page = await job.client.json('GET', `api/v1/pipelines?limit=100${cursor}`);
    job.pipelines.push(...page.items);
    cursor = page.next_cursor ? `&cursor=${encodeURIComponent(page.next_cursor)}` : '';
  } while (cursor !== '');
  const rows = job.pipelines.map((item) => [item.pipeline_id, item.version, item.engine, runnability(item)]);
  job.say(table(['pipeline', 'version', 'engine', 'can it run here'], rows));
  return `${job.pipelines.length} pipelines, ${job.pipelines.filter((item) => item.runnable).length} of them can run`;
}

export async function followJob(job) {
  const path = `api/v1/execution/jobs/${job.submitted.job_id}`;
  const bar = new ProgressBar('job');
  try {
    for await (const event of followEvents(job.client, `${path}/events`, (reason) => job.say(`  again: ${reason}`))) {
      showEvent(event, bar);
    }
  } finally {
    bar.end();
  }
  job.finished = await job.client.json('GET', path);
  const { status, error, progress } = job.finished;
  if (status !== 'completed')
    throw new Error(`the job is ${status}${error ? `: ${error.detail} (${error.code})` : ''}`);
  return `completed in ${progress.steps.length} steps: ${progress.steps.map((step) => step.name).join(', ')}`;
}

export async function listResults(job) {
  job.results = await job.client.json('GET', `api/v1/results/${job.finished.job_id}`);
  const rows = job.results.files.map((file) => [file.name, formatBytes(file.size), file.sha256.slice(0, 12)]);
  job.say(table(['file', 'size', 'sha256 begins'], rows));
  if (rows.length === 0) throw new Error('the job has no result files');
  return `${rows.length} files`;
}

export async function getLinks(job) {
  const path = `api/v1/results/${job.finished.job_id}/download-links`;
  const { links } = await job.client.json('POST', path, { expires_in: LINK_SECONDS });
  job.links = links;
  return `${links.length} links, good until ${links[0]?.expires_at}`;
}

export async function downloadOne(job) {
  const link = job.links.reduce((largest, candidate) => (candidate.size > largest.size ? candidate : largest));
  const response = await job.client.request('GET', link.url, { isPublic: true, headers: { accept: '*/*' } });
  const bar = new ProgressBar(link.file);
  const digest = createHash('sha256');
  let received = 0;
  const check = new Transform({
    transform(chunk, _encoding, callback) {
      digest.update(chunk);
      received += chunk.length;
      bar.show((received / link.size) * 100, formatBytes(received));
      callback(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), check, createWriteStream(join(job.directory, 'download')));
  bar.end();
  const sha256 = digest.digest('hex');
  if (received !== link.size) throw new Error(`${received} bytes came instead of ${link.size}`);
  if (sha256 !== link.sha256) throw new Error(`the sha256 is ${sha256} instead of ${link.sha256}`);
  return `${link.file}, ${formatBytes(received)}, sha256 ${sha256.slice(0, 12)}... as announced`;
}

async function waitForQuality(job, id) {
  const bar = new ProgressBar('quality');
  const deadline = Date.now() + QC_DEADLINE_MS;
  try {
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, LAST_POLL_MS)) {
      const qc = await job.client.json('GET', `api/v1/qc/results/${id}`);
      bar.show(qc.progress?.percent ?? 0, qc.status);
      if (qc.status === 'completed' || qc.status === 'failed') return qc;
      if (Date.now() > deadline) throw new Error('the quality check takes longer than an hour');
      await delay(pause);
    }
  } finally {
    bar.end();
  }
}

function verdictTable(qc) {
  const names = qc.files[0]?.modules.map((module) => module.name) ?? [];
  const rows = names.map((name) => [name, ...qc.files.map((file) => verdictOf(file, name))]);
  const overall = ['all of it', ...qc.files.map((file) => file.verdict)];
  return table(['module', ...qc.files.map((_file, index) => `R${index + 1}`)], [...rows, overall]);
}

const verdictOf = (file, name) => file.modules.find((module) => module.name === name)?.verdict ?? '-';

const runnability = ({ runnable, missing }) =>
  runnable ? 'yes' : `no: ${(missing ?? []).map((item) => `${item.tool} ${item.reason}`).join('; ')}`;

function showEvent({ type, data }, bar) {
  const event = JSON.parse(data);
  if (type === 'progress') bar.show(event.percent ?? event.progress?.percent ?? 0, event.step ?? '');
}

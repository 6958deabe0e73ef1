import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { ProgressBar } from '../console/progress-bar.mjs';
import { formatBytes } from '../console/table.mjs';

const UPLOAD_TIMEOUT_MS = 12 * 3_600_000;
const GERMLINE = 'germline-small';
const PREPROCESS = 'fastq-preprocess';
/** What the configuration asks for beside a pipeline's defaults. */
const WISHES = { [PREPROCESS]: { min_length: 36 } };

export async function login(job) {
  const { user, expires_in: seconds } = await job.client.login(job.username, job.password);
  return `${user.display_name ?? user.username}, ${user.roles.join(' and ')}; the token lives ${seconds} s`;
}

export async function uploadReads(job) {
  job.sampleId = sampleIdFrom(job.reads[0]);
  const first = await upload(job, job.reads[0]);
  const second = await upload(job, job.reads[1], { mate_of: first.upload_id });
  job.uploads = { reads_1: first.upload_id, reads_2: second.upload_id };
  return `${formatBytes(first.file_size + second.file_size)}, ${first.read_count} and ${second.read_count} reads`;
}

export async function uploadReference(job) {
  const reference = await upload(job, job.reference);
  job.uploads.reference = reference.upload_id;
  return `${formatBytes(reference.file_size)} of ${reference.file_type}`;
}

export async function createConfiguration(job) {
  job.pipeline = await choosePipeline(job);
  const { pipeline_id: id, version, parameters_schema: schema } = job.pipeline;
  const defaults = Object.entries(schema?.properties ?? {}).filter(([, property]) => property.default !== undefined);
  const parameters = {
    ...Object.fromEntries(defaults.map(([name, property]) => [name, property.default])),
    ...WISHES[id],
  };
  job.configuration = await job.client.json('POST', `api/v1/pipelines/${id}/configurations`, {
    name: 'Example run',
    description: 'Made by the example of the whole job.',
    parameters,
  });
  job.say(`  ${JSON.stringify(job.configuration.parameters)}`);
  return `${id} ${version} with ${Object.keys(job.configuration.parameters).length} parameters`;
}

export async function submitJob(job) {
  // The key makes it safe to send the submission again after a broken connection: the job is started once.
  job.submitted = await job.client.json(
    'POST',
    'api/v1/execution/jobs',
    {
      pipeline_id: job.pipeline.pipeline_id,
      configuration_id: job.configuration.configuration_id,
      sample_id: job.sampleId,
      inputs: inputsFor(job),
    },
    { 'idempotency-key': randomUUID() },
  );
  return `${job.submitted.job_id} is ${job.submitted.status}`;
}

export async function logout(job) {
  const token = job.client.accessToken;
  await job.client.logout();
  const status = await job.client.statusFor(token);
  if (status !== 401) throw new Error(`after the logout the token is still answered with ${status}`);
  return 'the session has ended; its token is refused with 401 from now on';
}

async function choosePipeline({ pipelines, reference }) {
  const runnable = (id) => pipelines.find((pipeline) => pipeline.pipeline_id === id && pipeline.runnable);
  const chosen = (reference === undefined ? undefined : runnable(GERMLINE)) ?? runnable(PREPROCESS);
  if (chosen === undefined) throw new Error('none of the pipelines that this example knows can run there');
  return chosen;
}

function inputsFor({ pipeline, uploads }) {
  const names = new Set(pipeline.inputs.map((input) => input.name));
  return Object.fromEntries(Object.entries(uploads).filter(([name]) => names.has(name)));
}

async function upload(job, path, metadata = {}) {
  const { size } = await stat(path);
  const name = basename(path);
  const bar = new ProgressBar(name);
  try {
    const response = await job.client.request('POST', 'api/v1/ingestion/upload', {
      query: { sample_id: job.sampleId, file_name: name, ...metadata },
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
      body: () => contentOf(path, size, bar),
      timeoutMs: UPLOAD_TIMEOUT_MS,
    });
    return await response.json();
  } finally {
    bar.end();
  }
}

function contentOf(path, size, bar) {
  let sent = 0;
  const counted = new Transform({
    transform(chunk, _encoding, callback) {
      sent += chunk.length;
      bar.show((sent / size) * 100, formatBytes(sent));
      callback(null, chunk);
    },
  });
  const source = createReadStream(path, { highWaterMark: 262_144 });
  source.on('error', (error) => counted.destroy(error));
  counted.on('close', () => source.destroy());
  return Readable.toWeb(source.pipe(counted));
}

// `Hm2_R1.fastq.gz` belongs to sample `Hm2`; what an identifier may not hold becomes a hyphen.
function sampleIdFrom(path) {
  const stem = basename(path)
    .replace(/\.(fastq|fq)(\.gz)?$/i, '')
    .replace(/[._-]R?1(_001)?$/i, '')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return stem.slice(0, 64) || 'sample';
}

/**
 * The whole job through the gateway's public API: from two read files to a downloaded result.
 *
 *   npm run example -- R1.fastq.gz R2.fastq.gz [reference.fa]
 *
 * Without files it makes small reads itself. GENOFLOW_URL (default http://127.0.0.1:8000) says where the gateway is,
 * GENOFLOW_USERNAME and GENOFLOW_PASSWORD (default admin/password) who logs in. Exit code 0: every step succeeded.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { GatewayClient } from './client/gateway-client.mjs';
import { runSteps } from './console/step-list.mjs';
import { generateReads } from './generated-reads.mjs';
import { checkQuality, downloadOne, followJob, getLinks, listPipelines, listResults } from './steps/reading-steps.mjs';
import { createConfiguration, login, logout, submitJob, uploadReads, uploadReference } from './steps/writing-steps.mjs';

const say = (line) => process.stdout.write(`${line}\n`);

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Error('interrupted')));
process.once('SIGTERM', () => interruption.abort(new Error('stopped')));

const directory = await mkdtemp(join(tmpdir(), 'genoflow-example-'));
try {
  const job = { ...(await filesFrom(process.argv.slice(2), directory)), directory, say };
  job.username = process.env.GENOFLOW_USERNAME ?? 'admin';
  job.password = process.env.GENOFLOW_PASSWORD ?? 'password';
  const baseUrl = process.env.GENOFLOW_URL ?? 'http://127.0.0.1:8000';
  job.client = new GatewayClient({ baseUrl, signal: interruption.signal, say: (line) => say(`  ${line}`) });
  say(`GenoFlow at ${baseUrl}, as ${job.username}\n`);
  const succeeded = await runSteps(stepsFor(job), job, say);
  process.exitCode = succeeded ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}

function stepsFor(job) {
  return [
    { name: 'Log in', run: login },
    { name: 'Upload the reads', run: uploadReads },
    ...(job.reference === undefined ? [] : [{ name: 'Upload the reference', run: uploadReference }]),
    { name: 'Check the quality of the pair', run: checkQuality },
    { name: 'List the pipelines', run: listPipelines },
    { name: 'Create a configuration', run: createConfiguration },
    { name: 'Submit a job', run: submitJob },
    { name: 'Follow the job', run: followJob },
    { name: 'List the results', run: listResults },
    { name: 'Get download links', run: getLinks },
    { name: 'Download one and check it', run: downloadOne },
    { name: 'Log out', run: logout, isCleanUp: true },
  ];
}

async function filesFrom(paths, workDirectory) {
  if (paths.length === 0) return await generatedFiles(workDirectory);
  if (paths.length < 2 || paths.length > 3) {
    throw new Error('Usage: npm run example -- [R1.fastq.gz R2.fastq.gz [reference.fa]]');
  }
  for (const path of paths) {
    if (!existsSync(path)) throw new Error(`There is no file ${path}`);
  }
  return { reads: paths.slice(0, 2), reference: paths[2] };
}

async function generatedFiles(workDirectory) {
  say('No files were given: 1,500 read pairs are made for this run.');
  const { reads1, reads2 } = generateReads();
  const reads = [join(workDirectory, 'demo_R1.fastq.gz'), join(workDirectory, 'demo_R2.fastq.gz')];
  await writeFile(reads[0], gzipSync(reads1));
  await writeFile(reads[1], gzipSync(reads2));
  return { reads, reference: undefined };
}

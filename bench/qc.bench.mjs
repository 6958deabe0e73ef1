/**
 * Speed of quality control and of trimming, on a gzip file made by repeating reads under a temporary directory.
 *
 *   npm run build
 *   node bench/qc.bench.mjs [--mb=100] [R1.fastq.gz R2.fastq.gz]     all cores
 *   taskset -c 0 node bench/qc.bench.mjs ...                         one core, zlib's threads included
 *
 * Without files the reads are generated. MB are 10^6 compressed bytes; CPU seconds are those of the whole process.
 */
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import ts from 'typescript';
import { preprocessPair } from '../dist/backends/fastq/preprocess.js';
import { analyse } from '../dist/backends/qc/engine/analysis.js';

const arguments_ = process.argv.slice(2);
const megabytes = Number(arguments_.find((argument) => argument.startsWith('--mb='))?.slice(5) ?? 100);
const given = arguments_.filter((argument) => !argument.startsWith('--'));
const folder = await mkdtemp(join(tmpdir(), 'genoflow-bench-'));

try {
  const files = [];
  let text = 0;
  let times = 0;
  for (const mate of [0, 1]) {
    const plain = given[mate] ? await inflated(given[mate]) : await generated();
    const member = await promisify(gzip)(plain);
    // The mates must have equally many reads, whatever their sizes.
    times ||= Math.max(1, Math.round((megabytes * 1e6) / member.length));
    files.push(await repeated(join(folder, `R${mate + 1}.fastq.gz`), member, times));
    text = (plain.length * times) / 1e6;
  }
  const size = (await stat(files[0])).size / 1e6;
  console.log(`${size.toFixed(1)} MB gzip, ${text.toFixed(1)} MB text a file; ${availableParallelism()} core(s)`);
  await measure('quality control, one file', size, () => analyse([files[0]], { assay: 'wgs' }));
  await measure('quality control, a pair', 2 * size, () => analyse(files, { assay: 'wgs' }));
  const outputs = [join(folder, 'out1.fastq.gz'), join(folder, 'out2.fastq.gz')];
  const options = { qualityCutoff: 20, minLength: 15, maxNBases: 5 };
  await measure('trimming a pair', 2 * size, () => preprocessPair(files, outputs, options));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The tests' generator, which the build leaves out. */
async function generated() {
  const source = await readFile(new URL('../src/backends/fastq/testing/generated-reads.ts', import.meta.url), 'utf8');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const { fastqText, generatedReads } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
  return Buffer.from(fastqText(generatedReads(20_000, 1)));
}

async function inflated(path) {
  return promisify(gunzip)(await readFile(path));
}

async function repeated(path, member, times) {
  const file = await open(path, 'wx');
  for (let i = 0; i < times; i += 1) await file.write(member);
  await file.close();
  return path;
}

async function measure(name, size, work) {
  const wallBefore = performance.now();
  const cpuBefore = process.cpuUsage();
  await work();
  const wall = (performance.now() - wallBefore) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpu = (user + system) / 1e6;
  const rates = `${(size / wall).toFixed(1)} MB/s wall, ${(size / cpu).toFixed(1)} MB per CPU second`;
  console.log(`${name}: ${wall.toFixed(2)} s wall, ${cpu.toFixed(2)} s CPU; ${rates}`);
}

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { analysisTask, type Analysis, type AnalysisOptions } from '../qc/engine/analysis-task.js';
import { preprocessTask } from './preprocess-task.js';
import { compileSources, type CompiledSources } from './testing/compiled-sources.js';
import { fastqText, generatedReads } from './testing/generated-reads.js';
import { runTask } from './worker-run.js';

const reads = fastqText(generatedReads(500, 77));
const packed = gzipSync(reads);
let compiled: CompiledSources;
let folder: string;

beforeAll(async () => {
  compiled = await compileSources(resolve(__dirname, '..'), ['fastq', 'qc/engine']);
  folder = await mkdtemp(join(tmpdir(), 'genoflow-worker-'));
});
afterAll(async () => {
  await compiled.remove();
  await rm(folder, { recursive: true, force: true });
});

const analysis = (): { entry: URL; task: () => Promise<Analysis> } => ({
  entry: pathToFileURL(compiled.path('qc/engine/analysis.worker.js')),
  task: () => Promise.reject(new Error('ran on the calling thread')),
});
const wgs: AnalysisOptions = { assay: 'wgs' };

describe('runTask in a real worker thread', () => {
  it('reports on a file and on a stream exactly as on the calling thread', async () => {
    const path = join(folder, 'reads.fastq.gz');
    await writeFile(path, packed);
    const here = await analysisTask(wgs, [Readable.from([packed])], () => undefined);
    const progress: number[] = [];
    const stream = Readable.from(
      packed
        .toString('latin1')
        .match(/[^]{1,977}/g)
        ?.map((part) => Buffer.from(part, 'latin1')) ?? [],
    );
    const there = await runTask(analysis(), wgs, [path, stream], { onProgress: (bytes) => progress.push(bytes) });
    expect(there.files).toEqual([here.files[0], here.files[0]]);
    expect(there.pair?.total_reads).toBe(1000);
    expect(progress.at(-1)).toBe(2 * packed.length);
  });

  it('brings a fault in the input back as it was thrown', async () => {
    const broken = Readable.from([Buffer.from('@a\nAC\n+\nI\n')]);
    await expect(runTask(analysis(), wgs, [broken], {})).rejects.toMatchObject({
      name: 'FastqError',
      code: 'fastq_length_mismatch',
      record: 1,
      message: 'record 1: 2 bases but 1 quality characters',
    });
  });

  it("rejects with the input stream's own error", async () => {
    async function* cut(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(packed.subarray(0, 500));
      throw new Error('connection lost');
    }
    await expect(runTask(analysis(), wgs, [Readable.from(cut())], {})).rejects.toThrow('connection lost');
  });

  it('ends with the reason of the abort and destroys the stream it was reading', async () => {
    const control = new AbortController();
    const endless = new Readable({
      read() {
        this.push(Buffer.from(reads));
      },
    });
    const running = runTask(analysis(), wgs, [endless], {
      signal: control.signal,
      onProgress: () => control.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    expect(endless.destroyed).toBe(true);
  });

  it('does not start for a signal that is aborted already', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(runTask(analysis(), wgs, [join(folder, 'none')], { signal })).rejects.toThrow('too late');
  });

  it('names a file that is not there by the error code of the system', async () => {
    await expect(runTask(analysis(), wgs, [join(folder, 'none')], {})).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('trims a pair into gzip files', async () => {
    const entry = pathToFileURL(compiled.path('fastq/preprocess.worker.js'));
    const outputs = { output1: join(folder, 'one.fastq.gz'), output2: join(folder, 'two.fastq.gz') };
    const trimming = { qualityCutoff: 0, minLength: 1, maxNBases: 10_000 };
    const inputs = [Readable.from([packed]), Readable.from([packed])];
    const report = await runTask({ entry, task: preprocessTask }, { trimming, ...outputs }, inputs);
    expect(report.before).toEqual(report.after);
    expect(gunzipSync(await readFile(outputs.output1)).toString()).toBe(reads);
    expect(existsSync(outputs.output2)).toBe(true);
  });
});

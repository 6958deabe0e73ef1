import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeReads } from '../support/generate-reads.js';
import { BuiltGateway } from '../support/built-gateway.js';
import { hasGermlineTools } from '../support/germline-tools.js';
import { runExample, succeeded } from '../support/main-job.js';
import { sharedReads } from '../support/shared-reads.js';

let gateway: BuiltGateway;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'genoflow-main-job-'));
  gateway = await new BuiltGateway().start();
}, 90_000);
afterAll(async () => {
  await gateway.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the main job', () => {
  it('runs through the gateway on generated reads', async () => {
    expect(succeeded(await runExample(gateway.url))).toBe('succeeded');
  }, 120_000);

  it('runs on given files, with a reference', async () => {
    const { reads1, reads2, reference } = await writeReads(directory);
    const result = await runExample(gateway.url, reads1, reads2, reference);
    expect(succeeded(result)).toBe('succeeded');
    if (hasGermlineTools('germline-small in the main job')) expect(result.output).toContain('germline-small');
  }, 240_000);

  const real = sharedReads();
  (real.length > 0 ? it.each(real) : it.skip.each([{ name: 'real reads', files: [] as string[] }]))(
    'runs on $name',
    async ({ files }) => {
      expect(succeeded(await runExample(gateway.url, ...files))).toBe('succeeded');
    },
    240_000,
  );

  it('writes no sample, file name, password or token to the logs', () => {
    expect(gateway.output.includes('"route":')).toBe(true);
    expect(gateway.output.match(/.{0,80}(sample_R1|\.fastq\.gz|eyJ[A-Za-z0-9_-]{10,}).{0,20}/g) ?? []).toEqual([]);
  });
});

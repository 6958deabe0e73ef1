import { createHash, randomBytes } from 'node:crypto';
import { Upload } from 'tus-js-client';
import { BuiltGateway, eventually } from '../support/built-gateway.js';

let gateway: BuiltGateway;
beforeAll(async () => {
  gateway = await new BuiltGateway().start();
}, 90_000);
afterAll(() => gateway.close());

/** FASTQ of random bases, uncompressed, so that its size is what we say. */
function reads(count: number): Buffer {
  const bases = randomBytes(count * 100);
  const text: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const sequence = [...bases.subarray(index * 100, index * 100 + 100)].map((byte) => 'ACGT'[byte & 3]).join('');
    text.push(`@read${index}/1\n${sequence}\n+\n${'I'.repeat(100)}\n`);
  }
  return Buffer.from(text.join(''));
}

const options = (headers: Record<string, string>, file: Buffer) => ({
  endpoint: `${gateway.url}/api/v1/ingestion/upload`,
  headers,
  chunkSize: 262_144,
  retryDelays: [0, 200, 500],
  metadata: {
    filename: 'S1_R1.fastq',
    sample_id: 'S1',
    checksum: `sha256:${createHash('sha256').update(file).digest('hex')}`,
  },
});

describe('a tus client', () => {
  it('uploads in pieces through the gateway, and goes on after it was killed', async () => {
    const headers = await gateway.login();
    const file = reads(20_000);
    const first = new Upload(file, { ...options(headers, file) });
    const stoppedAt = await new Promise<number>((resolve, reject) => {
      first.options.onError = reject;
      first.options.onChunkComplete = (_size, accepted) => {
        if (accepted > file.length / 2)
          void first.abort().then(() => {
            resolve(accepted);
          });
      };
      first.start();
    });
    expect(first.url).toMatch(new RegExp(`^${gateway.url}/api/v1/ingestion/upload/`));
    const second = new Upload(file, { ...options(headers, file), uploadUrl: first.url });
    let resumedFrom = -1;
    await new Promise<void>((resolve, reject) => {
      second.options.onError = reject;
      second.options.onSuccess = () => {
        resolve();
      };
      second.options.onProgress = (sent) => {
        if (resumedFrom < 0) resumedFrom = sent;
      };
      second.start();
    });
    expect(resumedFrom).toBeGreaterThanOrEqual(stoppedAt);
    const state = await eventually(async () => {
      const response = await fetch(second.url ?? '', { headers });
      const upload = (await response.json()) as { status: string; sha256: string; read_count: number };
      return upload.status === 'receiving' ? undefined : upload;
    });
    expect(state).toMatchObject({
      status: 'completed',
      read_count: 20_000,
      sha256: createHash('sha256').update(file).digest('hex'),
    });
  }, 60_000);

  it('is told by the last piece what is wrong with the file', async () => {
    const headers = await gateway.login();
    const file = Buffer.concat([reads(100), Buffer.from('@cut/1\nACGT\n')]);
    const upload = new Upload(file, { ...options(headers, file), retryDelays: [] });
    const error = await new Promise<Error>((resolve, reject) => {
      upload.options.onError = resolve;
      upload.options.onSuccess = () => {
        reject(new Error('a cut file was taken'));
      };
      upload.start();
    });
    expect(error.message).toContain('fastq_truncated');
  }, 60_000);
});

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BuiltGateway, eventually } from '../support/built-gateway.js';
import { sendRaw } from '../support/raw-http.js';

let gateway: BuiltGateway;
let headers: { authorization: string };

beforeAll(async () => {
  gateway = await new BuiltGateway({ RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000' }).start();
  headers = await gateway.login();
}, 90_000);
afterAll(() => gateway.close());

const record = (id: string, sequence = 'ACGTACGTAC', quality = 'IIIIIIIIII'): string =>
  `@${id}\n${sequence}\n+\n${quality}\n`;
const good = Array.from({ length: 20 }, (_, index) => record(`read${index}/1`)).join('');
/** The empty block that ends every BGZF file (SAM specification section 4.1.2). */
const BGZF_END = Buffer.from('1f8b08040000000000ff0600424302001b0003000000000000000000', 'hex');
const bam = Buffer.concat([gzipSync(Buffer.concat([Buffer.from('BAM\x01'), Buffer.alloc(100)])), BGZF_END]);
/** Bytes in the middle that no compressor wrote. */
const corrupt = gzipSync(Array.from({ length: 2_000 }, (_, index) => record(`read${index}/1`)).join(''));
corrupt.fill(0xff, 2_000, 2_100);

const upload = (body: Buffer, name: string, extra = ''): Promise<Response> =>
  fetch(`${gateway.url}/api/v1/ingestion/upload?sample_id=S1&file_name=${name}${extra}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/gzip' },
    body: body as BodyInit,
  });

/** Files under the data directory, but for the database's and the audit record's. */
const storedFiles = (): string[] =>
  readdirSync(join(gateway.dataDir, 'ingestion'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

describe('a bad file', () => {
  it.each([
    ['broken gzip', corrupt, 'gzip_corrupt', {}],
    ['truncated gzip', gzipSync(good).subarray(0, -12), 'gzip_truncated', {}],
    ['a record cut in the middle', gzipSync(`${good}@read21/1\nACGT\n`), 'fastq_truncated', { record: 21 }],
    [
      'sequence and quality of different length',
      gzipSync(good + record('read21/1', 'ACGT', 'III')),
      'fastq_length_mismatch',
      { record: 21, line: 84 },
    ],
    ['no FASTQ header', gzipSync(`${good}read21\nACGT\n+\nIIII\n`), 'fastq_malformed', { record: 21, line: 81 }],
    ['nothing', Buffer.alloc(0), 'file_empty', {}],
    ['nothing, gzipped', gzipSync(''), 'file_empty', {}],
    ['a BAM', bam, 'file_type_mismatch', {}],
  ])('with %s is refused with what and where, and leaves nothing behind', async (_what, body, code, where) => {
    const before = storedFiles();
    const response = await upload(body, 'bad.fastq.gz');
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ code, ...where });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(storedFiles()).toEqual(before);
  });

  it('that is no mate of the other is refused', async () => {
    const first = (await (await upload(gzipSync(good), 'S1_R1.fastq.gz')).json()) as { upload_id: string };
    const other = Array.from({ length: 20 }, (_, index) => record(`other${index}/2`)).join('');
    const response = await upload(gzipSync(other), 'S1_R2.fastq.gz', `&mate_of=${first.upload_id}`);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([422, 'mates_mismatch']);
  });

  it('of which 5 bytes of 10 GiB come is not kept', async () => {
    const before = storedFiles();
    const text = await sendRaw(
      gateway.port,
      `POST /api/v1/ingestion/upload?sample_id=S1&file_name=x.fastq HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\n` +
        'Content-Type: application/octet-stream\r\nContent-Length: 10737418240\r\n\r\n@read',
      1_000,
    );
    expect(text).not.toMatch(/^HTTP\/1\.1 2/);
    await eventually(() => (storedFiles().length === before.length ? true : undefined), 10_000);
  });
});

describe('a bad id', () => {
  it.each([
    ['/api/v1/ingestion/upload/upl_nothere', 'upload_not_found'],
    ['/api/v1/qc/results/qc_nothere', 'qc_job_not_found'],
    ['/api/v1/pipelines/nothere', 'pipeline_not_found'],
    ['/api/v1/execution/jobs/job_nothere', 'job_not_found'],
    ['/api/v1/results/job_nothere', 'results_not_found'],
  ])('%s is %s', async (path, code) => {
    const response = await fetch(`${gateway.url}${path}`, { headers });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, code]);
  });

  it('of another technician is answered like an unknown one', async () => {
    const first = (await (await upload(gzipSync(good), 'S1_R1.fastq.gz')).json()) as { upload_id: string };
    const technician = await gateway.login('technician');
    const [foreign, unknown] = await Promise.all(
      [first.upload_id, 'upl_nothere'].map(async (id) => {
        const response = await fetch(`${gateway.url}/api/v1/ingestion/upload/${id}`, { headers: technician });
        const { instance: _instance, request_id: _id, ...problem } = (await response.json()) as Record<string, unknown>;
        return { status: response.status, problem };
      }),
    );
    expect(foreign).toEqual(unknown);
    expect(foreign?.status).toBe(404);
  });

  it('of a download link is refused without a word of why', async () => {
    const response = await fetch(`${gateway.url}/api/v1/results/download/bm90.YS1saW5r`);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, 'link_invalid']);
  });
});

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describeOnDatabases } from '../../../test/support/databases.js';
import { fastqText } from '../../../test/support/reads.js';
import { runService, type TestCaller, type TestService } from '../service/testing/run-service.js';
import { PartialFile } from './upload-files.js';
import { ingestionService } from './ingestion.service.js';

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
const zipped = gzipSync(fastqText({ mate: 1 }));
const TUS = { 'tus-resumable': '1.0.0' };
const PIECE = { ...TUS, 'content-type': 'application/offset+octet-stream' };
const PLATFORM: TestCaller = { kind: 'peer', userId: 'service:qc', roles: [] };
const TECHNICIAN: TestCaller = { userId: 'usr_tech', roles: ['technician'] };

interface UploadBody {
  upload_id: string;
  status: string;
  code: string;
  [name: string]: unknown;
}

describeOnDatabases('ingestion', (databaseUrl) => {
  let service: TestService;
  beforeAll(async () => {
    service = await runService(ingestionService, {
      databaseUrl: await databaseUrl(),
      settings: { uploadMaxBytes: 1_000_000 },
    });
  });
  afterAll(() => service.close());

  const json = async (answer: Response): Promise<UploadBody> => (await answer.json()) as UploadBody;

  const post = (content: Buffer | string, query: Record<string, string> = {}, as?: TestCaller): Promise<Response> => {
    const parameters = new URLSearchParams({ sample_id: 'S1', file_name: 'S1_R1.fastq.gz', ...query });
    return service.call(`/upload?${parameters.toString()}`, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(content)),
      as,
    });
  };

  const openTus = (size: number, metadata: Record<string, string> = {}, as?: TestCaller): Promise<Response> => {
    const given = { filename: 'S1_R1.fastq.gz', sample_id: 'S1', ...metadata };
    const encoded = Object.entries(given).map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`);
    const headers = { ...TUS, 'upload-length': String(size), 'upload-metadata': encoded.join(',') };
    return service.call('/upload', { method: 'POST', headers, as });
  };

  const patch = (location: string, offset: number, content: Buffer, as?: TestCaller): Promise<Response> =>
    service.call(`/${location}`, {
      method: 'PATCH',
      headers: { ...PIECE, 'upload-offset': String(offset) },
      body: new Uint8Array(content),
      as,
    });

  const filesIn = async (folder: string): Promise<string[]> => readdir(join(service.dataDir, 'ingestion', folder));

  describe('a file in one request', () => {
    it('is stored, checked and described', async () => {
      const answer = await post(zipped, { checksum: `sha256:${sha256(zipped).toUpperCase()}` });
      expect(answer.status).toBe(201);
      const body = await json(answer);
      expect(answer.headers.get('location')).toBe(`upload/${body.upload_id}`);
      expect(body).toMatchObject({
        status: 'completed',
        sample_id: 'S1',
        file_type: 'fastq',
        compression: 'gzip',
        file_size: zipped.length,
        received_bytes: zipped.length,
        sha256: sha256(zipped),
        checksum_verified: true,
        read_count: 4,
        owner: 'usr_test',
        error: null,
      });
      expect(await json(await service.call(`/upload/${body.upload_id}`))).toEqual(body);
    });

    it('may come as a form, whose fields stand before the file', async () => {
      const form = new FormData();
      form.set('sample_id', 'S1');
      form.set('file', new Blob([new Uint8Array(zipped)]), 'form_R1.fastq.gz');
      const answer = await service.call('/upload', { method: 'POST', body: form });
      expect(answer.status).toBe(201);
      expect(await json(answer)).toMatchObject({
        file_name: 'form_R1.fastq.gz',
        sha256: sha256(zipped),
        checksum_verified: false,
      });
    });

    it.each([
      [
        'a field behind the file',
        '--b\r\nContent-Disposition: form-data; name="sample_id"\r\n\r\nS\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n@r\nA\n+\nI\n\r\n--b\r\nContent-Disposition: form-data; name="mate_of"\r\n\r\nx\r\n--b--\r\n',
        422,
        'invalid_request',
      ],
      [
        'no file',
        '--b\r\nContent-Disposition: form-data; name="sample_id"\r\n\r\nS\r\n--b--\r\n',
        422,
        'invalid_request',
      ],
      [
        'no end',
        '--b\r\nContent-Disposition: form-data; name="sample_id"\r\n\r\nS\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n@r\nA\n+\nI\n',
        400,
        'malformed_body',
      ],
    ])('refuses a form with %s and keeps nothing', async (_name, body, status, code) => {
      const before = await filesIn('complete');
      const headers = { 'content-type': 'multipart/form-data; boundary=b' };
      const answer = await service.call('/upload', { method: 'POST', headers, body });
      expect(await json(answer)).toMatchObject({ code });
      expect(answer.status).toBe(status);
      expect(await filesIn('partial')).toEqual([]);
      expect(await filesIn('complete')).toEqual(before);
    });

    it.each([
      ['an empty file', '', {}, 422, { code: 'file_empty' }],
      ['a truncated gzip', zipped.subarray(0, -4), {}, 422, { code: 'gzip_truncated' }],
      ['a damaged gzip', Buffer.concat([zipped, Buffer.from('more of it')]), {}, 422, { code: 'gzip_corrupt' }],
      ['a truncated record', `${fastqText()}@x\nAC`, {}, 422, { code: 'fastq_truncated', record: 5, line: 18 }],
      ['a bad record', `${fastqText()}x\nAC\n+\nII\n`, {}, 422, { code: 'fastq_malformed', record: 5, line: 17 }],
      [
        'unequal lengths',
        `${fastqText()}@x\nAC\n+\nI\n`,
        {},
        422,
        { code: 'fastq_length_mismatch', record: 5, line: 20 },
      ],
      ['an unknown format', 'this is a letter to my aunt', {}, 415, { code: 'unsupported_file_type' }],
      ['another format than declared', zipped, { file_type: 'vcf' }, 422, { code: 'file_type_mismatch' }],
      ['another checksum', zipped, { checksum: `sha256:${'0'.repeat(64)}` }, 422, { code: 'checksum_mismatch' }],
      ['too large a file', Buffer.alloc(1_000_001, 'A'), {}, 413, { code: 'upload_too_large' }],
      ['an unknown mate', zipped, { mate_of: 'upl_unknown' }, 404, { code: 'upload_not_found' }],
      [
        'a path for a name',
        zipped,
        { file_name: '../../etc/passwd' },
        422,
        { code: 'invalid_request', errors: [{ pointer: '/file_name' }] },
      ],
      [
        'a bad sample id',
        zipped,
        { sample_id: 'a b' },
        422,
        { code: 'invalid_request', errors: [{ pointer: '/sample_id' }] },
      ],
      ['an unknown parameter', zipped, { colour: 'red' }, 422, { code: 'invalid_request' }],
    ])('refuses %s and keeps nothing', async (_name, content, query, status, problem) => {
      const before = await filesIn('complete');
      const answer = await post(content, query);
      expect(await json(answer)).toMatchObject(problem);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toMatch(/problem\+json/);
      expect(await filesIn('partial')).toEqual([]);
      expect(await filesIn('complete')).toEqual(before);
    });

    it('refuses a body with a content coding', async () => {
      const answer = await service.call('/upload?sample_id=S&file_name=a', {
        method: 'POST',
        headers: { 'content-encoding': 'gzip' },
        body: 'x',
      });
      expect(answer.status).toBe(415);
    });

    it('leaves nothing when the client goes away in the middle', async () => {
      const before = await filesIn('complete');
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
      const head = `POST /upload?sample_id=S&file_name=a HTTP/1.1\r\nhost: a\r\nx-genoflow-identity: ${service.tokenFor()}\r\n`;
      socket.write(`${head}content-length: 900000\r\n\r\n@r\nAC`);
      await until(async () => (await filesIn('partial')).length === 1);
      socket.destroy();
      await until(async () => (await filesIn('partial')).length === 0);
      expect(await filesIn('complete')).toEqual(before);
    });

    it('refuses a length beyond the bound, and one beyond the disk, before the body', async () => {
      const request = async (port: string, length: number): Promise<string> => {
        const socket = connect(Number(port), '127.0.0.1');
        const head = `POST /upload?sample_id=S&file_name=a HTTP/1.1\r\nhost: a\r\nx-genoflow-identity: ${service.tokenFor()}\r\n`;
        socket.write(`${head}content-length: ${length}\r\n\r\n@r\nAC`);
        const answer = await new Promise<string>((resolve) =>
          socket.once('data', (data) => {
            resolve(String(data));
          }),
        );
        socket.destroy();
        return answer;
      };
      expect(await request(new URL(service.url).port, 10 * 1024 ** 3)).toMatch(/^HTTP\/1\.1 413 [^]*upload_too_large/);
      const roomy = await runService(ingestionService, { settings: { uploadMaxBytes: 10 ** 15 } });
      try {
        expect(await request(new URL(roomy.url).port, 9 * 10 ** 14)).toMatch(/^HTTP\/1\.1 507 [^]*storage_full/);
      } finally {
        await roomy.close();
      }
    });
  });

  it('answers 507 when the disk is full', async () => {
    const file = await PartialFile.open('/dev/full');
    await expect(file.append(Buffer.from('x'))).rejects.toMatchObject({ status: 507, code: 'storage_full' });
    await file.close();
  });

  describe('mates', () => {
    const second = gzipSync(fastqText({ mate: 2 }));

    it('are tied on both sides', async () => {
      const first = await json(await post(zipped));
      const mate = await json(await post(second, { file_name: 'S1_R2.fastq.gz', mate_of: first.upload_id }));
      expect(mate).toMatchObject({ mate_of: first.upload_id, mate_upload_id: first.upload_id });
      expect(await json(await service.call(`/upload/${first.upload_id}`))).toMatchObject({
        mate_of: null,
        mate_upload_id: mate.upload_id,
      });
      const third = await post(second, { file_name: 'S1_R2.fastq.gz', mate_of: first.upload_id });
      expect(await json(third)).toMatchObject({ code: 'mates_mismatch' });
    });

    it.each([
      ['other names', gzipSync(fastqText({ mate: 2, prefix: 'run:2' })), {}, { record: 1 }],
      ['fewer reads', gzipSync(fastqText({ mate: 2, count: 3 })), {}, { record: 4 }],
      ['another sample', second, { sample_id: 'S2' }, {}],
      ['the same read number in the name', second, { file_name: 'S1_R1.fastq.gz' }, {}],
      ['another stem in the name', second, { file_name: 'S2_R2.fastq.gz' }, {}],
      ['another format', Buffer.from('>chr1\nACGT\n'), { file_name: 'S1_R2.fa' }, {}],
    ])('are refused with %s, and R1 stays free', async (_name, content, query, members) => {
      const first = await json(await post(zipped));
      const answer = await post(content, { file_name: 'S1_R2.fastq.gz', mate_of: first.upload_id, ...query });
      expect(answer.status).toBe(422);
      expect(await json(answer)).toMatchObject({ code: 'mates_mismatch', ...members });
      expect(await filesIn('partial')).toEqual([]);
      expect((await post(second, { file_name: 'S1_R2.fastq.gz', mate_of: first.upload_id })).status).toBe(201);
    });

    it('are tied when R2 is there before R1 is complete', async () => {
      const opened = await openTus(zipped.length);
      const first = opened.headers.get('location') ?? '';
      const mate = await json(
        await post(second, { file_name: 'S1_R2.fastq.gz', mate_of: first.replace('upload/', '') }),
      );
      expect(mate).toMatchObject({ status: 'completed', mate_upload_id: null });
      expect((await patch(first, 0, zipped)).status).toBe(204);
      expect(await json(await service.call(`/${first}`))).toMatchObject({ mate_upload_id: mate.upload_id });
      expect(await json(await service.call(`/upload/${mate.upload_id}`))).toMatchObject({
        mate_upload_id: first.replace('upload/', ''),
      });
    });
  });

  it('shows technicians their own uploads only, and others as if they were not there', async () => {
    const own = await json(await post(zipped, {}, TECHNICIAN));
    const other = await json(await post(zipped));
    expect((await service.call(`/upload/${own.upload_id}`, { as: TECHNICIAN })).status).toBe(200);
    const hidden = await service.call(`/upload/${other.upload_id}`, { as: TECHNICIAN });
    const unknown = await service.call('/upload/upl_unknown', { as: TECHNICIAN });
    expect(hidden.status).toBe(404);
    expect(await hidden.text()).toBe(await unknown.text());
  });

  it('hands the content to services only, whole or in part', async () => {
    const { upload_id: id } = await json(await post(zipped));
    expect((await service.call(`/upload/${id}/content`)).status).toBe(403);
    const whole = await service.call(`/upload/${id}/content`, { as: PLATFORM });
    expect(whole.headers.get('content-length')).toBe(String(zipped.length));
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(sha256(zipped));
    const part = await service.call(`/upload/${id}/content`, { as: PLATFORM, headers: { range: 'bytes=2-5' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(zipped.subarray(2, 6));
    expect(
      (await service.call(`/upload/${id}/content`, { as: PLATFORM, headers: { range: 'bytes=99999-' } })).status,
    ).toBe(416);
    expect((await service.call('/upload/upl_unknown/content', { as: PLATFORM })).status).toBe(404);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('The condition was not met within four seconds.');
}

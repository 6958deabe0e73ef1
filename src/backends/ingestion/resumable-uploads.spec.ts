import { createHash } from 'node:crypto';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describeOnDatabases } from '../../../test/support/databases.js';
import { fastqText } from '../../../test/support/reads.js';
import { runService, type TestCaller, type TestService } from '../service/testing/run-service.js';
import { ingestionService } from './ingestion.service.js';

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
const zipped = gzipSync(fastqText({ mate: 1 }));
const TUS = { 'tus-resumable': '1.0.0' };
const PIECE = { ...TUS, 'content-type': 'application/offset+octet-stream' };
const TECHNICIAN: TestCaller = { userId: 'usr_tech', roles: ['technician'] };

interface UploadBody {
  upload_id: string;
  status: string;
  code: string;
  [name: string]: unknown;
}

describeOnDatabases('resumable ingestion', (databaseUrl) => {
  let service: TestService;
  beforeAll(async () => {
    service = await runService(ingestionService, {
      databaseUrl: await databaseUrl(),
      settings: { uploadMaxBytes: 1_000_000 },
    });
  });
  afterAll(() => service.close());

  const json = async (answer: Response): Promise<UploadBody> => (await answer.json()) as UploadBody;

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

  describe('a resumable upload', () => {
    it('comes in pieces and is checked at the end', async () => {
      const opened = await openTus(zipped.length, { checksum: `sha256:${sha256(zipped)}` });
      expect(opened.status).toBe(201);
      const location = opened.headers.get('location') ?? '';
      expect(location).toMatch(/^upload\/upl_[a-z2-7]{26}$/);
      const piece = await patch(location, 0, zipped.subarray(0, 30));
      expect([piece.status, piece.headers.get('upload-offset')]).toEqual([204, '30']);
      const head = await service.call(`/${location}`, { method: 'HEAD', headers: TUS });
      expect([head.status, head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual([
        200,
        '30',
        String(zipped.length),
      ]);
      expect(await json(await service.call(`/${location}`))).toMatchObject({
        status: 'receiving',
        received_bytes: 30,
        sha256: null,
      });
      expect((await patch(location, 30, zipped.subarray(30))).status).toBe(204);
      expect(await json(await service.call(`/${location}`))).toMatchObject({
        status: 'completed',
        sha256: sha256(zipped),
        checksum_verified: true,
      });
      const again = await service.call(`/${location}`, { method: 'HEAD', headers: TUS });
      expect(again.headers.get('upload-offset')).toBe(String(zipped.length));
    });

    it('may be opened with JSON', async () => {
      const answer = await service.call('/upload', {
        headers: { 'x-forwarded-prefix': '/api/v1/ingestion' },
        json: { sample_id: 'S1', file_name: 'a.fastq.gz', file_size: zipped.length },
      });
      const body = await json(answer);
      expect(answer.status).toBe(201);
      expect(body).toMatchObject({ status: 'receiving', upload_url: `/api/v1/ingestion/upload/${body.upload_id}` });
      expect((await patch(`upload/${body.upload_id}`, 0, zipped)).status).toBe(204);
    });

    it('answers the last piece of a bad file with the problem and shows it from then on', async () => {
      const bad = gzipSync(`${fastqText()}@x\nAC\n+\nI\n`);
      const location = (await openTus(bad.length)).headers.get('location') ?? '';
      await patch(location, 0, bad.subarray(0, 10));
      const last = await patch(location, 10, bad.subarray(10));
      expect(last.status).toBe(422);
      expect(last.headers.get('tus-resumable')).toBe('1.0.0');
      expect(await json(last)).toMatchObject({ code: 'fastq_length_mismatch', record: 5, line: 20 });
      expect(await json(await service.call(`/${location}`))).toMatchObject({
        status: 'failed',
        received_bytes: 0,
        error: { code: 'fastq_length_mismatch', record: 5, line: 20 },
      });
      expect((await service.call(`/${location}`, { method: 'HEAD', headers: TUS })).status).toBe(410);
      expect(await filesIn('partial')).not.toContain(location.replace('upload/', ''));
    });

    it('refuses a false offset, a false version and bytes beyond the end', async () => {
      const location = (await openTus(zipped.length)).headers.get('location') ?? '';
      expect(await json(await patch(location, 7, zipped))).toMatchObject({ status: 409, code: 'offset_conflict' });
      expect(await json(await patch(location, 0, Buffer.concat([zipped, zipped])))).toMatchObject({
        code: 'upload_too_large',
      });
      const old = await service.call(`/${location}`, {
        method: 'PATCH',
        headers: { ...PIECE, 'tus-resumable': '0.2.2' },
        body: 'x',
      });
      expect(await json(old)).toMatchObject({ status: 412, code: 'tus_version_unsupported' });
      expect(await json(await openTus(10, { sample_id: '../x' }))).toMatchObject({
        status: 422,
        code: 'invalid_request',
      });
      expect(await json(await openTus(2_000_000))).toMatchObject({ status: 413, code: 'upload_too_large' });
    });

    it('can be terminated until it is complete', async () => {
      const location = (await openTus(zipped.length)).headers.get('location') ?? '';
      const remove = (): Promise<Response> => service.call(`/${location}`, { method: 'DELETE', headers: TUS });
      expect((await remove()).status).toBe(204);
      expect((await service.call(`/${location}`)).status).toBe(404);
      const done = (await openTus(zipped.length)).headers.get('location') ?? '';
      await patch(done, 0, zipped);
      expect((await service.call(`/${done}`, { method: 'DELETE', headers: TUS })).status).toBe(409);
    });

    it('belongs to who opened it', async () => {
      const location = (await openTus(zipped.length)).headers.get('location') ?? '';
      expect((await patch(location, 0, zipped, TECHNICIAN)).status).toBe(404);
      expect((await patch(location, 0, zipped, { userId: 'usr_other', roles: ['admin'] })).status).toBe(404);
      expect((await service.call(`/${location}`, { method: 'DELETE', headers: TUS, as: TECHNICIAN })).status).toBe(404);
      expect((await patch(location, 0, zipped)).status).toBe(204);
    });

    it('keeps what came before the connection broke', async () => {
      const location = (await openTus(zipped.length)).headers.get('location') ?? '';
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
      socket.write(
        `PATCH /${location} HTTP/1.1\r\nhost: a\r\nx-genoflow-identity: ${service.tokenFor()}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n` +
          `content-type: application/offset+octet-stream\r\ncontent-length: ${zipped.length}\r\n\r\n`,
      );
      socket.write(zipped.subarray(0, 25));
      await until(async () => (await json(await service.call(`/${location}`)))['received_bytes'] === 25);
      socket.destroy();
      expect((await service.call(`/${location}`, { method: 'HEAD', headers: TUS })).headers.get('upload-offset')).toBe(
        '25',
      );
      expect((await patch(location, 25, zipped.subarray(25))).status).toBe(204);
    });
  });

  it('finishes after a restart what had fully arrived, resumes the rest, and sweeps by age', async () => {
    const ids = await Promise.all(
      [0, 1, 2].map(async () => ((await openTus(zipped.length)).headers.get('location') ?? '').replace('upload/', '')),
    );
    const [arrived = '', half = '', stale = ''] = ids;
    const partial = join(service.dataDir, 'ingestion', 'partial');
    await writeFile(join(partial, arrived), zipped);
    await writeFile(join(partial, half), zipped.subarray(0, 20));
    await writeFile(join(partial, 'upl_orphan'), 'x');
    const eightDays = Date.now() + 8 * 86_400_000;
    await utimes(join(partial, half), eightDays / 1000, eightDays / 1000);
    const again = await runService(ingestionService, {
      database: service.database,
      dataDir: service.dataDir,
      clock: { now: () => eightDays },
    });
    try {
      await until(async () => (await json(await again.call(`/upload/${arrived}`))).status === 'completed');
      // The clock stands eight days ahead: only what is written to lately outlives the sweep.
      expect((await again.call(`/upload/${stale}`)).status).toBe(404);
      expect(await json(await again.call(`/upload/${half}`))).toMatchObject({
        status: 'receiving',
        received_bytes: 20,
      });
      expect(await filesIn('partial')).not.toContain('upl_orphan');
    } finally {
      await again.close();
    }
    const third = await runService(ingestionService, { database: service.database, dataDir: service.dataDir });
    try {
      const rest = { ...PIECE, 'upload-offset': '20' };
      expect(
        (
          await third.call(`/upload/${half}`, {
            method: 'PATCH',
            headers: rest,
            body: new Uint8Array(zipped.subarray(20)),
          })
        ).status,
      ).toBe(204);
      expect(await json(await third.call(`/upload/${half}`))).toMatchObject({
        status: 'completed',
        sha256: sha256(zipped),
      });
    } finally {
      await third.close();
    }
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('The condition was not met within four seconds.');
}

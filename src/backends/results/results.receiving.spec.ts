import { readdir, utimes, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { runService, type TestService } from '../service/testing/run-service.js';
import { resultsService } from './results.service.js';
import { codeOf, CONTENT, fileEntry, ResultsClient, SERVICE, sha256 } from './testing/results-client.js';

let client: ResultsClient;
let service: TestService;

beforeAll(async () => {
  client = await ResultsClient.open();
  service = client.service;
});

afterAll(() => service.close());

describe('receiving files', () => {
  it('keeps a file whose sha256 is as announced, and lists it once the job is complete', async () => {
    await client.completedJob('job_kept');
    const response = await service.call('/results/job_kept');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      job_id: 'job_kept',
      sample_id: 'S1',
      pipeline_id: 'trim',
      pipeline_version: '1.0.0',
      project_id: 'default',
      status: 'completed',
      owner: 'usr_owner',
      completed_at: new Date(client.time.now).toISOString(),
      files: [fileEntry('report.txt', CONTENT)],
    });
  });

  it('refuses other bytes than announced and leaves nothing on disk', async () => {
    const response = await client.put('job_mismatch', 'report.txt', CONTENT, sha256(Buffer.from('other')));
    expect(response.status).toBe(422);
    expect(await codeOf(response)).toBe('checksum_mismatch');
    expect(await readdir(join(service.dataDir, 'results', 'incoming'))).toEqual([]);
    expect(await codeOf(await client.complete('job_mismatch', [fileEntry('report.txt', CONTENT)]))).toBe(
      'file_not_received',
    );
  });

  it('leaves nothing on disk when the sender goes away in the middle', async () => {
    await new Promise<void>((resolve) => {
      const sender = httpRequest(`${service.url}/results/job_cut/files/a.txt`, {
        method: 'PUT',
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': '1000',
          'x-sha256': sha256(CONTENT),
          'x-genoflow-identity': service.tokenFor(SERVICE),
        },
      });
      sender.on('error', () => resolve());
      sender.write(CONTENT, () => setTimeout(() => sender.destroy(new Error('gone')), 50));
    });
    const incoming = join(service.dataDir, 'results', 'incoming');
    for (let tries = 0; tries < 100 && (await readdir(incoming)).length > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await readdir(incoming)).toEqual([]);
  });

  it('refuses a file larger than the limit', async () => {
    const small = await runService(resultsService, { settings: { uploadMaxBytes: 10 } });
    try {
      const response = await small.call('/results/job_big/files/a.txt', {
        as: SERVICE,
        method: 'PUT',
        body: new Uint8Array(CONTENT),
        headers: { 'content-type': 'application/octet-stream', 'x-sha256': sha256(CONTENT) },
      });
      expect(response.status).toBe(413);
      expect(await codeOf(response)).toBe('file_too_large');
    } finally {
      await small.close();
    }
  });

  it('replaces a file until completion and then keeps only what the manifest names', async () => {
    const second = Buffer.from('second version');
    await client.put('job_replaced', 'report.txt', CONTENT);
    await client.put('job_replaced', 'report.txt', second);
    const early = await client.complete('job_replaced', [fileEntry('report.txt', CONTENT)]);
    expect(early.status).toBe(409);
    expect((await client.complete('job_replaced', [fileEntry('report.txt', second)])).status).toBe(201);
    expect(await readdir(join(service.dataDir, 'results', 'files', 'job_replaced'))).toEqual([sha256(second)]);
  });

  it('takes the same file again after completion but no other', async () => {
    await client.completedJob('job_closed');
    expect((await client.put('job_closed', 'report.txt', CONTENT)).status).toBe(200);
    const response = await client.put('job_closed', 'report.txt', Buffer.from('too late'));
    expect(response.status).toBe(409);
    expect(await codeOf(response)).toBe('results_completed');
  });

  it.each([
    ['a name with a parent directory', '..%2f..%2fescape'],
    ['a hidden name', '.profile'],
    ['a name with a NUL', 'a%00b'],
  ])('refuses %s', async (_what, name) => {
    const response = await client.put('job_names', name, CONTENT);
    expect(response.status).toBe(422);
    expect(await codeOf(response)).toBe('invalid_request');
    expect(await readdir(join(service.dataDir, 'results', 'files'))).not.toContain('job_names');
  });

  it('refuses a body that is no octet stream, before reading it', async () => {
    const response = await service.call('/results/job_type/files/a.json', {
      as: SERVICE,
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'application/json', 'x-sha256': sha256(Buffer.from('{}')) },
    });
    expect(response.status).toBe(415);
  });

  it('is for services only', async () => {
    const headers = { 'content-type': 'application/octet-stream', 'x-sha256': sha256(CONTENT) };
    const stored = await service.call('/results/job_user/files/a.txt', { method: 'PUT', body: 'x', headers });
    expect(stored.status).toBe(403);
    const body = { sample_id: 'S', pipeline_id: 'p', pipeline_version: '1', owner: 'usr_test', files: [] };
    expect((await service.call('/results/job_user', { json: body })).status).toBe(403);
  });

  it('removes what a process that died left behind, and not what is being written', async () => {
    const incoming = join(service.dataDir, 'results', 'incoming');
    await writeFile(join(incoming, 'abandoned'), 'x');
    await utimes(
      join(incoming, 'abandoned'),
      new Date(client.time.now - 7_200_000),
      new Date(client.time.now - 7_200_000),
    );
    await writeFile(join(incoming, 'current'), 'x');
    const again = await runService(resultsService, { dataDir: service.dataDir, clock: { now: () => client.time.now } });
    expect(await readdir(incoming)).toEqual(['current']);
    await again.close();
  });
});

describe('completing', () => {
  it('says the same when told the same again, and refuses another manifest', async () => {
    await client.completedJob('job_twice');
    const again = await client.complete('job_twice', [fileEntry('report.txt', CONTENT)]);
    expect(again.status).toBe(200);
    expect(((await again.json()) as { files: unknown[] }).files).toHaveLength(1);
    expect(await codeOf(await client.complete('job_twice', []))).toBe('results_completed');
  });

  it('refuses a manifest that names a file twice', async () => {
    const entry = fileEntry('report.txt', CONTENT);
    const response = await client.complete('job_double', [entry, entry]);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { errors: { pointer: string }[] }).errors[0]?.pointer).toBe('/files');
  });
});

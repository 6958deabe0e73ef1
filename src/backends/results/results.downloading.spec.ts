import { createHash } from 'node:crypto';
import type { TestService } from '../service/testing/run-service.js';
import { ANONYMOUS, codeOf, CONTENT, ResultsClient, sha256 } from './testing/results-client.js';

let client: ResultsClient;
let service: TestService;

beforeAll(async () => {
  client = await ResultsClient.open();
  service = client.service;
});

afterAll(() => service.close());

async function linkFor(jobId: string, body: object = {}): Promise<{ url: string; expires_at: string }> {
  const response = await service.call(`/results/${jobId}/download-links`, {
    json: body,
    headers: { 'x-forwarded-prefix': '/api/v1' },
  });
  expect(response.status).toBe(201);
  const { links } = (await response.json()) as { links: { url: string; expires_at: string }[] };
  return links[0] as { url: string; expires_at: string };
}

const pathIn = (link: { url: string }): string => link.url.replace('/api/v1/results', '');

describe('reading', () => {
  const reader = (userId: string, roles: string[]) => service.call('/results/job_owned', { as: { userId, roles } });

  it('shows technicians their own results only, and others like unknown ones', async () => {
    await client.completedJob('job_owned');
    expect((await reader('usr_owner', ['technician'])).status).toBe(200);
    const foreign = await reader('usr_other', ['technician']);
    const unknown = await service.call('/results/job_unknown', { as: { userId: 'usr_other', roles: ['technician'] } });
    expect(foreign.status).toBe(404);
    expect(await foreign.json()).toEqual(await unknown.json());
    expect((await reader('usr_other', ['technician', 'analyst'])).status).toBe(200);
  });

  it.each(['..%2f..', 'a%2fb', '-rf', 'x'.repeat(129)])('knows nothing of the job %s', async (jobId) => {
    const response = await service.call(`/results/${jobId}`);
    expect(response.status).toBe(404);
    expect(await codeOf(response)).toBe('results_not_found');
  });

  it('gives technicians no links to the results of others', async () => {
    await client.completedJob('job_links');
    const as = { userId: 'usr_other', roles: ['technician'] };
    expect((await service.call('/results/job_links/download-links', { as, json: {} })).status).toBe(404);
  });
});

describe('downloading', () => {
  it('hands the file to whoever has the link, under its name and not to be rendered', async () => {
    await client.completedJob('job_get');
    const link = await linkFor('job_get');
    expect(link.url).toMatch(/^\/api\/v1\/results\/download\/[A-Za-z0-9._-]+$/);
    expect(link.expires_at).toBe(new Date(Math.floor(client.time.now / 1_000) * 1_000 + 900_000).toISOString());
    const response = await service.call(pathIn(link), { as: ANONYMOUS });
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(CONTENT);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '36',
      'content-disposition': 'attachment; filename=report.txt',
      'content-security-policy': "default-src 'none'; sandbox",
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      etag: `"${sha256(CONTENT)}"`,
      'repr-digest': `sha-256=:${createHash('sha256').update(CONTENT).digest('base64')}:`,
    });
  });

  it('answers HEAD with the whole length and no body, whatever range is asked for', async () => {
    await client.completedJob('job_head');
    const link = await linkFor('job_head');
    const response = await service.call(pathIn(link), {
      as: ANONYMOUS,
      method: 'HEAD',
      headers: { range: 'bytes=0-1' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('36');
    expect(await response.text()).toBe('');
  });

  it.each([
    ['the first bytes', 'bytes=0-9', '0123456789', 'bytes 0-9/36'],
    ['the rest', 'bytes=30-', 'uvwxyz', 'bytes 30-35/36'],
    ['the last bytes', 'bytes=-3', 'xyz', 'bytes 33-35/36'],
    ['a range that ends behind the file', 'bytes=34-999', 'yz', 'bytes 34-35/36'],
  ])('answers %s', async (what, range, expected, contentRange) => {
    const jobId = `job_range_${what.length}`;
    await client.completedJob(jobId);
    const response = await service.call(pathIn(await linkFor(jobId)), { as: ANONYMOUS, headers: { range } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(await response.text()).toBe(expected);
  });

  it.each([
    ['two ranges', { range: 'bytes=0-1,5-6' }],
    ['another unit', { range: 'items=0-1' }],
    ['nonsense', { range: 'bytes=b-a' }],
    ['a stale If-Range', { range: 'bytes=0-1', 'if-range': '"other"' }],
    ['a weak If-Range', { range: 'bytes=0-1', 'if-range': `W/"${sha256(CONTENT)}"` }],
    ['an If-Range of a date', { range: 'bytes=0-1', 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' }],
  ])('answers %s with the whole file', async (what, headers) => {
    const jobId = `job_whole_${what.length}`;
    await client.completedJob(jobId);
    const response = await service.call(pathIn(await linkFor(jobId)), { as: ANONYMOUS, headers });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(CONTENT.toString());
  });

  it('continues a file that is still the same', async () => {
    await client.completedJob('job_resume');
    const response = await service.call(pathIn(await linkFor('job_resume')), {
      as: ANONYMOUS,
      headers: { range: 'bytes=10-12', 'if-range': `"${sha256(CONTENT)}"` },
    });
    expect(response.status).toBe(206);
    expect(await response.text()).toBe('abc');
  });

  it('refuses a range behind the end with 416 and the length', async () => {
    await client.completedJob('job_416');
    const response = await service.call(pathIn(await linkFor('job_416')), {
      as: ANONYMOUS,
      headers: { range: 'bytes=36-' },
    });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */36');
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(response.headers.get('content-disposition')).toBeNull();
    expect(await codeOf(response)).toBe('range_not_satisfiable');
  });

  it('honours If-None-Match and If-Match', async () => {
    await client.completedJob('job_conditional');
    const path = pathIn(await linkFor('job_conditional'));
    const etag = `"${sha256(CONTENT)}"`;
    const same = await service.call(path, {
      as: ANONYMOUS,
      headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' },
    });
    expect(same.status).toBe(304);
    const other = await service.call(path, { as: ANONYMOUS, headers: { 'if-match': '"other"' } });
    expect(other.status).toBe(412);
    expect(await codeOf(other)).toBe('precondition_failed');
  });

  it('serves an empty file', async () => {
    await client.completedJob('job_empty', Buffer.alloc(0));
    const response = await service.call(pathIn(await linkFor('job_empty')), { as: ANONYMOUS });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('0');
    expect(await response.text()).toBe('');
  });

  it('are made for all files when the request has no body', async () => {
    await client.completedJob('job_bodiless');
    const response = await service.call('/results/job_bodiless/download-links', { method: 'POST' });
    expect(response.status).toBe(201);
    expect(((await response.json()) as { links: unknown[] }).links.length).toBeGreaterThan(0);
  });

  it('links the files that were asked for and refuses those that are not there', async () => {
    await client.completedJob('job_choice');
    const unknown = { files: ['report.txt', 'other.txt'] };
    const response = await service.call('/results/job_choice/download-links', { json: unknown });
    expect(response.status).toBe(404);
    expect(await codeOf(response)).toBe('file_not_found');
  });

  it.each([59, 86_401, 1.5, '60'])('refuses a life of %p s', async (seconds) => {
    await client.completedJob(`job_life_${seconds}`);
    const response = await service.call(`/results/job_life_${seconds}/download-links`, {
      json: { expires_in: seconds },
    });
    expect(response.status).toBe(422);
    expect(await codeOf(response)).toBe('invalid_request');
  });

  it('ends with the link', async () => {
    await client.completedJob('job_expiry');
    const path = pathIn(await linkFor('job_expiry', { expires_in: 60 }));
    expect((await service.call(path, { as: ANONYMOUS })).status).toBe(200);
    client.time.now += 60_000;
    const response = await service.call(path, { as: ANONYMOUS });
    expect(response.status).toBe(410);
    expect(await codeOf(response)).toBe('link_expired');
  });

  it('ignores a forwarded prefix that is no path', async () => {
    await client.completedJob('job_prefix');
    const response = await service.call('/results/job_prefix/download-links', {
      json: {},
      headers: { 'x-forwarded-prefix': '//elsewhere.example' },
    });
    const { links } = (await response.json()) as { links: { url: string }[] };
    expect(links[0]?.url).toMatch(/^\/results\/download\//);
  });
});

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { answer, ScriptedPlatform, type Script } from '../support/scripted-platform.js';

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly platform: ScriptedPlatform;
}

async function runExample(scripts: Record<string, Script> = {}, files: string[] = []): Promise<Run> {
  const platform = new ScriptedPlatform(scripts);
  const url = await platform.open();
  try {
    const environment = { ...process.env, GENOFLOW_URL: url };
    const child = spawn(process.execPath, ['examples/main-job.mjs', ...files], { env: environment });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, output, platform };
  } finally {
    await platform.close();
  }
}

/** Takes the place of a canned answer the first time only. */
function once(first: Script, then: Script): Script {
  let isFirst = true;
  return (seen, response) => {
    const script = isFirst ? first : then;
    isFirst = false;
    script(seen, response);
  };
}

const problem =
  (status: number, code: string, more: object = {}): Script =>
  (_seen, response) => {
    answer(response, status, {
      title: 'A title',
      status,
      code,
      detail: `What ${code} means.`,
      request_id: 'req-7',
      ...more,
    });
  };

it('is what `npm run example` starts', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  expect(scripts['example']).toBe('node examples/main-job.mjs');
});

it('does every step, and says so', async () => {
  const { code, output, platform } = await runExample();
  expect(output).toContain('Every step succeeded.');
  expect(code).toBe(0);
  const [first, second] = platform.requests('POST /api/v1/ingestion/upload');
  expect(Object.fromEntries(first?.query ?? [])).toEqual({ sample_id: 'demo', file_name: 'demo_R1.fastq.gz' });
  expect(second?.query.get('mate_of')).toBe('upl_1');
  expect(first?.headers['content-length']).toBe(String(first?.body.length));
  expect(
    gunzipSync(first?.body ?? Buffer.alloc(0))
      .toString()
      .split('\n'),
  ).toHaveLength(1_500 * 4 + 1);
  const [submission] = platform.requests('POST /api/v1/execution/jobs');
  expect(submission?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(String(submission?.body))).toEqual({
    pipeline_id: 'fastq-preprocess',
    configuration_id: 'cfg_1',
    sample_id: 'demo',
    inputs: { reads_1: 'upl_1', reads_2: 'upl_2' },
  });
  const [configuration] = platform.requests('POST /api/v1/pipelines/fastq-preprocess/configurations');
  expect(JSON.parse(String(configuration?.body))).toMatchObject({ parameters: { min_length: 36, max_n_bases: 5 } });
  expect(platform.requests('GET /api/v1/results/download/tok')[0]?.headers.authorization).toBeUndefined();
  expect(platform.isLoggedOut).toBe(true);
});

it('waits when asked to, renews its token and takes a broken event stream up again', async () => {
  const qc = (_seen: unknown, response: Parameters<Script>[1]): void =>
    answer(response, 200, { status: 'completed', verdict: 'pass', files: [], pair: null, progress: { percent: 100 } });
  const events: Script = (_seen, response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('event: end\ndata: {}\n\n');
  const broken: Script = (_seen, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 10\r\nid: 7\r\nevent: progress\r\ndata: {"percent":\r\ndata: 40}\r\n\r\n', () => {
      response.destroy();
    });
  };
  const limited: Script = (_seen, response) => answer(response, 429, { code: 'rate_limited' }, { 'retry-after': '1' });
  const { code, output, platform } = await runExample({
    'GET /api/v1/qc/results/qc_1': once(limited, qc),
    'POST /api/v1/qc/analyze': once(problem(401, 'expired_token'), (_seen, response) =>
      answer(response, 202, { qc_job_id: 'qc_1' }),
    ),
    'GET /api/v1/execution/jobs/job_1/events': once(broken, events),
  });
  expect(output).toContain('asks to wait 1 s (rate_limited)');
  expect(code).toBe(0);
  expect(JSON.parse(String(platform.requests('POST /auth/refresh')[0]?.body))).toEqual({
    refresh_token: 'first-refresh',
  });
  expect(platform.requests('POST /api/v1/qc/analyze')[1]?.headers.authorization).toBe('Bearer second');
  const streams = platform.requests('GET /api/v1/execution/jobs/job_1/events');
  expect(streams.map((seen) => seen.headers['last-event-id'])).toEqual([undefined, '7']);
});

it('tells what was wrong and where, leaves the rest undone and logs out', async () => {
  const errors = [{ pointer: '/inputs/reads_1', detail: 'must be an upload' }];
  const { code, output, platform } = await runExample({
    'POST /api/v1/execution/jobs': problem(422, 'parameters_invalid', { errors }),
  });
  expect(code).toBe(1);
  expect(output).toContain('422 A title (parameters_invalid)');
  expect(output).toContain('What parameters_invalid means.');
  expect(output).toContain('- /inputs/reads_1 must be an upload');
  expect(output).toContain('request id: req-7');
  expect(output).toMatch(/Follow the job\s+not run/);
  expect(platform.isLoggedOut).toBe(true);
});

it.each<[string, Record<string, Script>, string]>([
  [
    'a download with other bytes',
    { 'GET /api/v1/results/download/tok': (_seen, response) => response.writeHead(200).end('the TRIMMED reads') },
    'the sha256 is',
  ],
  [
    'a download that is short',
    { 'GET /api/v1/results/download/tok': (_seen, response) => response.writeHead(200).end('the') },
    '3 bytes came instead of 17',
  ],
  [
    'a job that failed',
    {
      'GET /api/v1/execution/jobs/job_1': (_seen, response) =>
        answer(response, 200, { status: 'failed', error: { code: 'tool_failed', detail: 'fastp ended with 1' } }),
    },
    'the job is failed: fastp ended with 1 (tool_failed)',
  ],
  [
    'a token that lives on after the logout',
    { 'GET /auth/me': (_seen, response) => answer(response, 200, {}) },
    'after the logout the token is still answered with 200',
  ],
  [
    'a link to another host',
    {
      'POST /api/v1/results/job_1/download-links': (_seen, response) =>
        answer(response, 201, { links: [{ file: 'a', url: 'http://127.0.0.2:9/a', size: 1, sha256: 'x' }] }),
    },
    'a link leads away from the gateway',
  ],
])('fails on %s', async (_what, scripts, expected) => {
  const { code, output } = await runExample(scripts);
  expect(output).toContain(expected);
  expect(output).toContain('Not every step succeeded.');
  expect(code).toBe(1);
});

it('explains itself when it is given one file, or one that is not there', async () => {
  const one = await runExample({}, ['package.json']);
  expect(one.output).toContain('Usage: npm run example -- [R1.fastq.gz R2.fastq.gz [reference.fa]]');
  const absent = await runExample({}, ['package.json', 'absent_R2.fastq.gz']);
  expect(absent.output).toContain('There is no file absent_R2.fastq.gz');
  expect([one.code, absent.code]).toEqual([1, 1]);
  expect(one.platform.seen).toEqual([]);
});

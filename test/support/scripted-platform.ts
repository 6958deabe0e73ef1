import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const RESULT = Buffer.from('the trimmed reads');

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What a scripted route answers: a body as JSON with a status, or whatever the function does with the response. */
export type Script = (seen: Seen, response: ServerResponse) => void;

/** Sends `body` as JSON, or as a problem document from status 400 on. */
export function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body));
}

/**
 * For tests of API clients: a platform of canned answers that keeps what it was asked. `scripts` (keyed by method and
 * path) take the place of the canned ones.
 */
export class ScriptedPlatform {
  readonly seen: Seen[] = [];
  isLoggedOut = false;
  private readonly server = createServer((request, response) => void this.serve(request, response));

  constructor(private readonly scripts: Readonly<Record<string, Script>> = {}) {}

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  requests(route: string): Seen[] {
    return this.seen.filter((seen) => `${seen.method} ${seen.path}` === route);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const { method = '', headers } = request;
    const seen = { method, path: url.pathname, query: url.searchParams, headers, body: Buffer.concat(chunks) };
    this.seen.push(seen);
    const route = `${method} ${url.pathname}`;
    const script = this.scripts[route] ?? CANNED[route];
    if (script !== undefined) script(seen, response);
    else if (route === 'POST /auth/logout') this.logOut(response);
    else if (route === 'GET /auth/me') answer(response, this.isLoggedOut ? 401 : 200, { code: 'session_ended' });
    else answer(response, 404, { title: 'Not Found', status: 404, code: 'route_not_found' });
  }

  private logOut(response: ServerResponse): void {
    this.isLoggedOut = true;
    response.writeHead(204).end();
  }
}

const session = (token: string) => ({
  access_token: token,
  refresh_token: `${token}-refresh`,
  token_type: 'Bearer',
  expires_in: 900,
  refresh_expires_in: 3_600,
  user: { id: 'usr_1', username: 'admin', display_name: 'Administrator', roles: ['admin'], disabled: false },
});

const file = { name: 'S_R1.trimmed.fastq.gz', size: RESULT.length, media_type: 'application/gzip', description: '' };
const sha256 = createHash('sha256').update(RESULT).digest('hex');

const CANNED: Readonly<Record<string, Script>> = {
  'POST /auth/login': (_seen, response) => answer(response, 200, session('first')),
  'POST /auth/refresh': (_seen, response) => answer(response, 200, session('second')),
  'POST /api/v1/ingestion/upload': ({ query, body }, response) =>
    answer(response, 201, {
      upload_id: query.get('mate_of') === null ? 'upl_1' : 'upl_2',
      file_size: body.length,
      file_type: 'fastq',
      read_count: 1_500,
    }),
  'POST /api/v1/qc/analyze': (_seen, response) => answer(response, 202, { qc_job_id: 'qc_1', status: 'queued' }),
  'GET /api/v1/qc/results/qc_1': (_seen, response) =>
    answer(response, 200, {
      qc_job_id: 'qc_1',
      status: 'completed',
      progress: { percent: 100 },
      verdict: 'warn',
      files: ['pass', 'warn'].map((verdict) => ({ verdict, modules: [{ name: 'Adapter Content', verdict }] })),
      pair: { q30_rate: 0.872 },
    }),
  'GET /api/v1/pipelines': (_seen, response) =>
    answer(response, 200, {
      items: [
        pipeline(
          'germline-small',
          'cwl',
          ['reads_1', 'reads_2', 'reference'],
          [{ tool: 'bwa', reason: 'not on PATH' }],
        ),
        pipeline('fastq-preprocess', 'native', ['reads_1', 'reads_2'], []),
      ],
      next_cursor: null,
    }),
  'POST /api/v1/pipelines/fastq-preprocess/configurations': ({ body }, response) =>
    answer(response, 201, { configuration_id: 'cfg_1', ...(JSON.parse(body.toString()) as object) }),
  'POST /api/v1/execution/jobs': (_seen, response) => answer(response, 201, { job_id: 'job_1', status: 'queued' }),
  'GET /api/v1/execution/jobs/job_1': (_seen, response) =>
    answer(response, 200, {
      job_id: 'job_1',
      status: 'completed',
      error: null,
      progress: { percent: 100, steps: [{ name: 'preprocess' }, { name: 'report' }] },
    }),
  'GET /api/v1/execution/jobs/job_1/events': (_seen, response) =>
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end('id: 1\nevent: progress\ndata: {"percent":50,"step":"preprocess"}\n\nevent: end\ndata: {}\n\n'),
  'GET /api/v1/results/job_1': (_seen, response) =>
    answer(response, 200, { job_id: 'job_1', files: [{ ...file, sha256 }] }),
  'POST /api/v1/results/job_1/download-links': (_seen, response) =>
    answer(response, 201, {
      links: [
        {
          file: file.name,
          url: '/api/v1/results/download/tok',
          expires_at: '2030-01-01T00:00:00Z',
          size: file.size,
          sha256,
        },
      ],
    }),
  'GET /api/v1/results/download/tok': (_seen, response) => response.writeHead(200).end(RESULT),
};

const pipeline = (id: string, engine: string, inputs: string[], missing: object[]) => ({
  pipeline_id: id,
  version: '1.0.0',
  engine,
  inputs: inputs.map((name) => ({ name })),
  parameters_schema: { properties: { min_length: { default: 30 }, max_n_bases: { default: 5 } } },
  runnable: missing.length === 0,
  missing,
});

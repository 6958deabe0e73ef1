import type { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import type { BackendName } from './backend-name.js';
import type { Identity } from './identity.js';
import type { IdentityTokens } from './identity-tokens.js';
import { endpointsOf } from './peer-endpoints.js';
import type { JsonCall, Peers } from './peers.js';
import { BackendProblem } from './problem.js';
import { ALL_PROJECTS } from './resource-access.js';
import { requestScope } from './request-scope.js';

const CONNECT_TIMEOUT_MS = 2_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** Longest silence inside a body, either way. */
const BODY_TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 64;
const MAX_JSON_BYTES = 8 * 1024 * 1024;

type Headers = Record<string, string>;
interface Call {
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Headers;
  readonly body?: string | Readable;
  readonly signal?: AbortSignal;
}

/** Peers over undici; `addressOf` is asked at every call, because embedded services learn their ports while they start. */
export class HttpPeers implements Peers {
  private readonly agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    connections: MAX_CONNECTIONS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    keepAliveTimeout: 10_000,
  });

  constructor(
    private readonly self: BackendName,
    private readonly tokens: IdentityTokens,
    private readonly addressOf: (service: BackendName) => string,
  ) {}

  async json<T>(service: BackendName, method: string, path: string, options: JsonCall = {}): Promise<T> {
    const headers = this.headersFor(options.as);
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    const answer = await this.call(service, path, {
      method: method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    });
    return (await readJson(answer, service)) as T;
  }

  async download(service: BackendName, path: string, options: { signal?: AbortSignal } = {}): Promise<Readable> {
    const answer = await this.call(service, path, {
      method: 'GET',
      headers: this.headersFor(),
      signal: options.signal,
    });
    return answer.body;
  }

  async upload<T>(
    service: BackendName,
    path: string,
    content: Readable,
    options: { headers?: Headers; signal?: AbortSignal } = {},
  ): Promise<T> {
    const headers = { 'content-type': 'application/octet-stream', ...options.headers, ...this.headersFor() };
    const answer = await this.call(service, path, { method: 'PUT', headers, body: content, signal: options.signal });
    return (await readJson(answer, service)) as T;
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private headersFor(as?: Identity): Headers {
    const caller = as ?? identityOfService(this.self);
    const headers: Headers = { 'x-genoflow-identity': this.tokens.sign(caller), accept: 'application/json' };
    const scope = requestScope.getStore();
    if (scope !== undefined) headers['x-request-id'] = scope.requestId;
    if (scope?.traceparent !== undefined) headers['traceparent'] = scope.traceparent;
    return headers;
  }

  /** The first endpoint that takes the connection answers; a call that may have been received is not sent twice. */
  private async call(service: BackendName, path: string, call: Call): Promise<Dispatcher.ResponseData> {
    let failure: unknown;
    for (const base of await this.endpointsFor(service)) {
      try {
        const answer = await this.agent.request({ origin: new URL(base).origin, path: pathUnder(base, path), ...call });
        if (answer.statusCode >= 400) throw await refusalOf(answer, service);
        return answer;
      } catch (error) {
        if (error instanceof BackendProblem || call.signal?.aborted === true) throw error;
        failure = error;
        if (!neverConnected(error)) break;
      }
    }
    throw peerUnavailable(service, neverConnected(failure) ? 503 : 502, failure);
  }

  private async endpointsFor(service: BackendName): Promise<string[]> {
    try {
      return await endpointsOf(this.addressOf(service));
    } catch (error) {
      throw peerUnavailable(service, 503, error);
    }
  }
}

const identityOfService = (self: BackendName): Identity => ({
  kind: 'peer',
  userId: `service:${self}`,
  username: self,
  sessionId: '',
  roles: [],
  projects: [ALL_PROJECTS],
});

const pathUnder = (base: string, path: string): string => `${new URL(base).pathname.replace(/\/$/, '')}${path}`;

const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

const neverConnected = (error: unknown): boolean =>
  error === undefined || NOT_CONNECTED.has((error as NodeJS.ErrnoException).code ?? '');

function peerUnavailable(service: BackendName, status: 502 | 503, cause: unknown): BackendProblem {
  const problem = new BackendProblem(
    status,
    'peer_unavailable',
    `The ${service} service does not answer.`,
    {},
    { 'retry-after': '5' },
  );
  problem.cause = cause;
  return problem;
}

/** A peer's 4xx is the caller's business; its 5xx, and a 401 that says our own secret is wrong, are not. */
async function refusalOf(answer: Dispatcher.ResponseData, service: BackendName): Promise<BackendProblem> {
  const document = await readJson(answer, service).catch(() => undefined);
  const { code, detail, ...rest } = (document ?? {}) as Record<string, unknown>;
  if (answer.statusCode >= 500 || answer.statusCode === 401 || typeof code !== 'string') {
    return peerUnavailable(service, answer.statusCode === 503 ? 503 : 502, undefined);
  }
  return new BackendProblem(answer.statusCode, code, typeof detail === 'string' ? detail : 'Refused.', rest);
}

async function readJson(answer: Dispatcher.ResponseData, service: BackendName): Promise<unknown> {
  if (answer.statusCode === 204) {
    await answer.body.dump();
    return undefined;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_JSON_BYTES) throw new RangeError('answer too large');
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (error) {
    answer.body.destroy();
    throw peerUnavailable(service, 502, error);
  }
}

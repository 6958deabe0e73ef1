import type { BootedGateway } from './boot-gateway.js';

/** Requests that lean on the state store each in their own way. */
export const STORE_REQUESTS = ['me', 'read', 'catalogue', 'login', 'refresh', 'submit', 'logout'] as const;
export type StoreRequest = (typeof STORE_REQUESTS)[number];

export interface Outcome {
  readonly status: number;
  /** Of a problem document. */
  readonly code: string | undefined;
  readonly ms: number;
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

const JOB = { pipeline_id: 'fastq-preprocess', sample_id: 'S1', inputs: { reads_1: 'upl_1' } };
let keys = 0;

/** Asks a gateway in the name of one session. */
export class StoreClient {
  constructor(
    private readonly gateway: Pick<BootedGateway, 'url'>,
    public tokens: Tokens = { access_token: '', refresh_token: '' },
  ) {}

  async logIn(username = 'analyst'): Promise<this> {
    const response = await fetch(`${this.gateway.url}/auth/login`, json({ username, password: 'a-good-password' }));
    if (response.status !== 200) throw new Error(`login answered ${response.status}`);
    this.tokens = (await response.json()) as Tokens;
    return this;
  }

  async ask(request: StoreRequest): Promise<Outcome> {
    const begun = performance.now();
    const { path, init } = this.#requestOf(request);
    const headers = {
      ...(init.headers as Record<string, string>),
      authorization: `Bearer ${this.tokens.access_token}`,
    };
    const response = await fetch(`${this.gateway.url}${path}`, { ...init, headers });
    const text = await response.text();
    const problem = text === '' ? {} : (JSON.parse(text) as { code?: string });
    return { status: response.status, code: problem.code, ms: performance.now() - begun };
  }

  /** All the requests named, at once. */
  async askAll<Name extends StoreRequest>(...requests: readonly Name[]): Promise<Record<Name, Outcome>> {
    const outcomes = await Promise.all(requests.map(async (request) => [request, await this.ask(request)] as const));
    return Object.fromEntries(outcomes) as Record<Name, Outcome>;
  }

  #requestOf(request: StoreRequest): { path: string; init: RequestInit } {
    switch (request) {
      case 'me':
        return { path: '/auth/me', init: {} };
      case 'read':
        return { path: '/api/v1/monitoring/metrics', init: {} };
      case 'catalogue':
        return { path: '/api/v1/pipelines', init: {} };
      case 'login':
        return { path: '/auth/login', init: json({ username: 'analyst', password: 'a-good-password' }) };
      case 'refresh':
        return { path: '/auth/refresh', init: json({ refresh_token: this.tokens.refresh_token }) };
      case 'submit':
        return { path: '/api/v1/execution/jobs', init: json(JOB, { 'idempotency-key': `key-${++keys}` }) };
      case 'logout':
        return { path: '/auth/logout', init: json({}) };
    }
  }
}

const json = (body: object, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

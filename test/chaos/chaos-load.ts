import { setTimeout as sleep } from 'node:timers/promises';

/** Of the exact figures that are promised; a chaos run is not part of the suite and has the machine to itself. */
const ANSWERED_WITHIN_MS = 1_500;
const EXPECTED = new Set([200, 201, 204, 401, 409, 429, 503]);
const JOB = JSON.stringify({ pipeline_id: 'fastq-preprocess', sample_id: 'S1', inputs: { reads_1: 'upl_1' } });

export interface LoadReport {
  answers: number;
  readonly byStatus: Record<number, number>;
  slowestMs: number;
  /** What must never be: a 500, a late answer, a revoked token that was let in. */
  readonly faults: string[];
}

/**
 * Users who come, ask and go, over several gateways at once, for as long as Redis is being broken under them. Each login
 * comes from an address of its own, so that the limit on logins is not what is measured.
 */
export class ChaosLoad {
  readonly report: LoadReport = { answers: 0, byStatus: {}, slowestMs: 0, faults: [] };
  readonly #revoked: string[] = [];
  #running = true;
  #counter = 0;
  #workers: Promise<void>[] = [];

  /** `random` gives numbers from 0 to 1. */
  constructor(
    private readonly urls: readonly string[],
    private readonly random: () => number,
  ) {}

  start(workers: number): void {
    this.#workers = Array.from({ length: workers }, () => this.#work());
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
  }

  /** Milliseconds until every gateway lets a new user in and serves them; Infinity after `withinMs`. */
  async recovery(withinMs: number): Promise<number> {
    const begun = performance.now();
    while (performance.now() - begun < withinMs) {
      const well = await Promise.all(this.urls.map((url) => this.#isWell(url)));
      if (well.every(Boolean)) return performance.now() - begun;
      await sleep(50);
    }
    return Infinity;
  }

  async #isWell(url: string): Promise<boolean> {
    const token = await this.#logIn(url);
    return token !== undefined && (await this.#ask(url, '/auth/me', token)) === 200;
  }

  async #work(): Promise<void> {
    while (this.#running) {
      const token = await this.#logIn(this.#url());
      if (token === undefined) await sleep(50);
      else await this.#visit(token);
      await this.#tryRevoked();
    }
  }

  async #visit(token: string): Promise<void> {
    const steps = 3 + Math.floor(this.random() * 12);
    for (let step = 0; step < steps && this.#running; step += 1) {
      const path = ['/auth/me', '/api/v1/monitoring/metrics', '/api/v1/pipelines'][Math.floor(this.random() * 3)] ?? '';
      if (this.random() < 0.2) await this.#submit(token);
      else await this.#ask(this.#url(), path, token);
      await sleep(this.random() * 30);
    }
    const ended = await this.#ask(this.#url(), '/auth/logout', token, { method: 'POST' });
    if (ended === 204) this.#revoked.push(token);
  }

  #submit(token: string): Promise<number> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': `key-${this.#counter++}` };
    return this.#ask(this.#url(), '/api/v1/execution/jobs', token, { method: 'POST', headers, body: JOB });
  }

  async #tryRevoked(): Promise<void> {
    const token = this.#revoked[Math.floor(this.random() * this.#revoked.length)];
    if (token === undefined) return;
    const status = await this.#ask(this.#url(), '/auth/me', token);
    if (status === 200) this.report.faults.push('a revoked token was let in');
  }

  async #logIn(url: string): Promise<string | undefined> {
    const number = this.#counter++;
    const headers = {
      'content-type': 'application/json',
      'x-forwarded-for': `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
    };
    const body = JSON.stringify({ username: 'admin', password: 'a-good-password' });
    const { status, text } = await this.#send(`${url}/auth/login`, { method: 'POST', headers, body });
    return status === 200 ? (JSON.parse(text) as { access_token: string }).access_token : undefined;
  }

  async #ask(url: string, path: string, token: string, init: RequestInit = {}): Promise<number> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` };
    return (await this.#send(`${url}${path}`, { ...init, headers })).status;
  }

  async #send(url: string, init: RequestInit): Promise<{ status: number; text: string }> {
    const begun = performance.now();
    const response = await fetch(url, init);
    const text = await response.text();
    const ms = performance.now() - begun;
    const { report } = this;
    report.answers += 1;
    report.byStatus[response.status] = (report.byStatus[response.status] ?? 0) + 1;
    report.slowestMs = Math.max(report.slowestMs, ms);
    if (ms > ANSWERED_WITHIN_MS) report.faults.push(`${new URL(url).pathname} was answered after ${Math.round(ms)} ms`);
    if (!EXPECTED.has(response.status))
      report.faults.push(`${new URL(url).pathname} was answered ${response.status}: ${text}`);
    return { status: response.status, text };
  }

  #url(): string {
    return this.urls[Math.floor(this.random() * this.urls.length)] ?? '';
  }
}

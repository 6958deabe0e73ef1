import { createHash, randomUUID } from 'node:crypto';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { RecordedAnswer } from '../recording/recorded-answer.js';
import type { IdempotencyStore, RunningEntry } from './idempotency.store.js';

/** What binds a key: the same key of another user or route is another key, with another payload it is a mistake. */
export interface IdempotentRequest {
  readonly key: string;
  readonly userId: string;
  readonly method: string;
  readonly route: string;
  /** Path and query as they came. */
  readonly target: string;
  /** `streamed`: bytes that are not in memory; the target tells their checksum, which the service holds them to. */
  readonly body: Buffer | 'streamed' | undefined;
}

export interface IdempotencyLifetimes {
  readonly answerTtlMs: number;
  /** How long a request may run before its key is free again; covers an instance that died with it. */
  readonly runningTtlMs: number;
}

export type Begun =
  | { readonly kind: 'replay'; readonly answer: RecordedAnswer }
  | { readonly kind: 'started'; readonly claim: IdempotencyClaim };

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;
const CHECKSUM = /[?&]checksum=sha256:[0-9a-f]{64}(?:&|$)/;
const UNTOLD_CHECKSUM = 'With an Idempotency-Key, an upload of bytes tells its checksum in the query.';
const SEPARATOR = '\0';
const RETRY_AFTER_SECONDS = 1;

/** Answers after which the same request may yet end otherwise; with any 5xx, these are not kept. */
const UNSETTLED: ReadonlySet<number> = new Set([401, 403, 408, 409, 423, 425, 429]);

/** Requests that must happen once (draft-ietf-httpapi-idempotency-key-header). Knows no HTTP framework. */
export class IdempotencyRecords {
  constructor(
    private readonly store: IdempotencyStore,
    private readonly lifetimes: IdempotencyLifetimes,
  ) {}

  /**
   * Starts the request or finds its answer. Throws GatewayError `invalid_idempotency_key`, `idempotency_in_progress`,
   * `idempotency_key_reused`, or `state_unavailable`: who sent a key would rather wait than have it done twice.
   */
  async begin(request: IdempotentRequest): Promise<Begun> {
    if (!VISIBLE_ASCII.test(request.key)) throw new GatewayError('invalid_idempotency_key');
    if (request.body === 'streamed' && !CHECKSUM.test(request.target)) {
      throw new GatewayError('invalid_idempotency_key', { reason: UNTOLD_CHECKSUM });
    }
    const key = digest([request.userId, request.method, request.route, request.key]);
    const running: RunningEntry = { state: 'running', fingerprint: fingerprintOf(request), owner: randomUUID() };
    const standing = await this.#claim(key, running);
    if (standing === undefined) return { kind: 'started', claim: this.#claimOf(key, running, request.body) };
    if (standing.fingerprint !== running.fingerprint) throw new GatewayError('idempotency_key_reused');
    if (standing.state === 'running')
      throw new GatewayError('idempotency_in_progress', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    return { kind: 'replay', answer: standing.answer };
  }

  onApplicationShutdown(): void {
    this.store.close();
  }

  #claimOf(key: string, running: RunningEntry, body: IdempotentRequest['body']): IdempotencyClaim {
    const isStreamed = body === 'streamed';
    const claim = new IdempotencyClaim(this.store, key, running, {
      answerTtlMs: this.lifetimes.answerTtlMs,
      keepsRefusals: !isStreamed,
    });
    if (isStreamed) claim.keepAlive(this.lifetimes.runningTtlMs);
    return claim;
  }

  async #claim(key: string, running: RunningEntry) {
    try {
      return await this.store.claim(key, running, this.lifetimes.runningTtlMs);
    } catch (cause) {
      throw new GatewayError('state_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
    }
  }
}

interface ClaimOptions {
  readonly answerTtlMs: number;
  /** Whether an answer of 4xx settles the request; not so where the same key may yet bring other bytes. */
  readonly keepsRefusals: boolean;
}

/** The right to answer for a key; ends once, by `complete` or `release`. */
export class IdempotencyClaim {
  #open = true;
  #renewal: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: IdempotencyStore,
    private readonly key: string,
    private readonly running: RunningEntry,
    private readonly options: ClaimOptions,
  ) {}

  /** Keeps the key taken for as long as the work lasts; for what may take longer than any deadline. */
  keepAlive(ttlMs: number): void {
    this.#renewal = setInterval(() => {
      const renewed = this.store.renew(this.key, this.running, ttlMs);
      renewed?.catch(() => undefined);
    }, ttlMs / 3).unref();
  }

  /** Keeps an answer that settles the request, else frees the key. The answer goes out even if it cannot be kept. */
  complete(answer: RecordedAnswer): void | Promise<void> {
    if (!this.#settles(answer.status)) return this.release();
    if (!this.#close()) return undefined;
    const { fingerprint } = this.running;
    return this.store.finish(this.key, this.running, { state: 'done', fingerprint, answer }, this.options.answerTtlMs);
  }

  release(): void | Promise<void> {
    if (!this.#close()) return undefined;
    const released = this.store.release(this.key, this.running);
    // A key that cannot be freed now frees itself when its running time is over.
    return released?.catch(() => undefined);
  }

  #settles(status: number): boolean {
    return status < (this.options.keepsRefusals ? 500 : 400) && !UNSETTLED.has(status);
  }

  #close(): boolean {
    const wasOpen = this.#open;
    this.#open = false;
    clearInterval(this.#renewal);
    return wasOpen;
  }
}

function fingerprintOf(request: IdempotentRequest): string {
  const hash = createHash('sha256').update(request.method + SEPARATOR + request.target + SEPARATOR);
  if (Buffer.isBuffer(request.body)) hash.update(request.body);
  return hash.digest('hex');
}

const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(parts.join(SEPARATOR)).digest('base64url');

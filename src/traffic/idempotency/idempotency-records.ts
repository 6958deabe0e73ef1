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
  readonly body: Buffer | undefined;
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
    const key = digest([request.userId, request.method, request.route, request.key]);
    const running: RunningEntry = { state: 'running', fingerprint: fingerprintOf(request), owner: randomUUID() };
    const standing = await this.#claim(key, running);
    if (standing === undefined)
      return { kind: 'started', claim: new IdempotencyClaim(this.store, key, running, this.lifetimes.answerTtlMs) };
    if (standing.fingerprint !== running.fingerprint) throw new GatewayError('idempotency_key_reused');
    if (standing.state === 'running')
      throw new GatewayError('idempotency_in_progress', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    return { kind: 'replay', answer: standing.answer };
  }

  async #claim(key: string, running: RunningEntry) {
    try {
      return await this.store.claim(key, running, this.lifetimes.runningTtlMs);
    } catch (cause) {
      throw new GatewayError('state_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
    }
  }
}

/** The right to answer for a key; ends once, by `complete` or `release`. */
export class IdempotencyClaim {
  #open = true;

  constructor(
    private readonly store: IdempotencyStore,
    private readonly key: string,
    private readonly running: RunningEntry,
    private readonly answerTtlMs: number,
  ) {}

  /** Keeps an answer that settles the request, else frees the key. The answer goes out even if it cannot be kept. */
  complete(answer: RecordedAnswer): void | Promise<void> {
    if (answer.status >= 500 || UNSETTLED.has(answer.status)) return this.release();
    if (!this.#close()) return undefined;
    const { fingerprint } = this.running;
    return this.store.finish(this.key, this.running, { state: 'done', fingerprint, answer }, this.answerTtlMs);
  }

  release(): void | Promise<void> {
    if (!this.#close()) return undefined;
    const released = this.store.release(this.key, this.running);
    // A key that cannot be freed now frees itself when its running time is over.
    return released?.catch(() => undefined);
  }

  #close(): boolean {
    const wasOpen = this.#open;
    this.#open = false;
    return wasOpen;
  }
}

function fingerprintOf(request: IdempotentRequest): string {
  const hash = createHash('sha256').update(request.method + SEPARATOR + request.target + SEPARATOR);
  if (request.body !== undefined) hash.update(request.body);
  return hash.digest('hex');
}

const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(parts.join(SEPARATOR)).digest('base64url');

import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../kernel/clock.js';
import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ResponseSink, UpstreamSummary } from '../../kernel/exchange.js';
import type { Endpoint } from '../registry/endpoint.js';
import type { CallScope, Cancellable } from '../resilience/call-scope.js';
import type { DeadlineWheel } from '../resilience/deadline-wheel.js';
import type { RetryPolicy } from '../resilience/retry-policy.js';
import type { UpstreamCall } from '../upstream-call.js';
import { transportError, UpstreamError } from '../upstream.errors.js';
import { answerFields, hasNoBody, MAX_INTERIM_ANSWERS } from './answer-head.js';
import { judgeFailure } from './answer-policy.js';
import { UploadBody } from './upload-body.js';

const MAX_DISCARDED_BYTES = 65_536;
const MAX_DISCARDING_MS = 2_000;

/** Other failures (the client's, the edge's) tell nothing of the endpoint. */
const tellsOfTheEndpoint = (code: ErrorCode): boolean => code.startsWith('upstream_');

/** What an attempt is made with; the same for all attempts of a call. */
export interface AttemptContext {
  readonly call: UpstreamCall;
  readonly sink: ResponseSink;
  readonly scope: CallScope;
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly retries: RetryPolicy;
  readonly summary: UpstreamSummary;
  readonly idleTimeoutMs: number;
  /** The body as undici gets it. */
  readonly body: Buffer | UploadBody | null;
}

type Phase = 'waiting' | 'streaming' | 'discarding' | 'settled';

/**
 * One request to one endpoint, its answer written straight to the sink. It implements undici's plain handler methods:
 * the newer ones cost a wrapper, a controller and an object of parsed fields for each call.
 */
export class Attempt implements Dispatcher.DispatchHandler, Cancellable {
  /** A connection has been given the request; the service may have seen it. */
  written = false;
  status: number | undefined;
  /** Undefined for a whole answer. */
  failure: GatewayError | undefined;
  /** The answer's head has gone to the sink; from here on there is no other attempt. */
  headSent = false;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Of the head, or of the failure. */
  answeredAt = 0;
  /** Milliseconds after which another attempt is due, already taken from the budget; undefined for none. */
  retryDelayMs: number | undefined;
  #phase: Phase = 'waiting';
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #settle: (() => void) | undefined;
  #discarded = 0;
  #interim = 0;
  #paused = false;

  constructor(
    private readonly context: AttemptContext,
    readonly endpoint: Endpoint,
    /** 1 for the first. */
    readonly number: number,
  ) {
    this.startedAt = context.clock.monotonic();
    context.summary.attempts = number;
  }

  /** Sends the request; resolves when the answer is whole or it is known that it will not be. Never rejects. */
  run(): Promise<void> {
    const { call, scope, body } = this.context;
    this.endpoint.enter();
    if (scope.endedBy !== undefined) {
      this.cancel(scope.endedBy);
      return Promise.resolve();
    }
    scope.current = this;
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.endpoint.pool.dispatch(
        {
          path: this.endpoint.target.basePath + call.path,
          method: call.method,
          headers: call.fields,
          // undici asks of a stream no more than UploadBody has, but its types do.
          body: body as Buffer | Readable | null,
        },
        this,
      );
    });
  }

  cancel(code: ErrorCode): void {
    if (this.#phase === 'settled' || this.#phase === 'discarding') return;
    const error = new UpstreamError(this.#blame(code));
    this.#fail(error);
    this.#abort?.(error);
  }

  onConnect(abort: (error?: Error) => void): void {
    // Thrown here, a cancelled request leaves its connection whole for the next one.
    if (this.#phase === 'settled') throw new UpstreamError('client_gone');
    this.#abort = abort;
    this.written = true;
    if (this.context.body instanceof UploadBody) this.#expectMoreWithin(this.context.idleTimeoutMs);
  }

  onBodySent(): void {
    if ((this.#phase === 'waiting' || this.#phase === 'streaming') && this.context.body instanceof UploadBody) {
      this.#expectMoreWithin(this.context.idleTimeoutMs);
    }
  }

  onRequestSent(): void {
    if (this.#phase === 'waiting' && this.context.body instanceof UploadBody) {
      this.#expectMoreWithin(this.context.scope.timeoutMs);
    }
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    if (this.#phase !== 'waiting') return true;
    if (status < 200) return this.#passOver();
    const { sink, call, clock } = this.context;
    const fields = answerFields(status, raw, this.endpoint.target, call.publicPrefix ?? '');
    this.status = status;
    this.answeredAt = clock.monotonic();
    this.endpoint.answered(status, this.answeredAt);
    this.context.summary.status = status;
    this.#resume = resume;
    if (status >= 500) {
      const verdict = judgeFailure(status, raw, clock.now(), (waitMs) => this.#mayRetrySafely(waitMs));
      if (verdict.kind === 'refuse') return this.#refuse(verdict.error, verdict.retryDelayMs);
    }
    this.#phase = 'streaming';
    this.#expectMoreWithin(this.context.idleTimeoutMs);
    sink.head(status, fields);
    this.headSent = true;
    if (hasNoBody(status, call.method)) this.onComplete();
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#phase === 'discarding') return this.#discard(chunk.length);
    if (this.#phase !== 'streaming') return true;
    this.#expectMoreWithin(this.context.idleTimeoutMs);
    if (this.context.sink.write(chunk)) return true;
    this.#paused = true;
    this.context.sink.onDrain(() => {
      this.#goOn();
    });
    return false;
  }

  // undici hands over trailers too; they go no further (RFC 9110 section 6.5.1 leaves that to an intermediary).
  onComplete(): void {
    if (this.#phase !== 'streaming') return;
    this.#took(this.context.clock.monotonic());
    this.endpoint.completed();
    this.context.sink.end();
    this.#finish();
  }

  onError(cause: Error): void {
    if (this.#phase === 'settled' || this.#phase === 'discarding') return;
    this.#fail(transportError(cause, this.written));
  }

  // Interim answers are not for the client, who asked for none (RFC 9110 section 15.2).
  #passOver(): boolean {
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM_ANSWERS) throw new UpstreamError('upstream_bad_response');
    return true;
  }

  #goOn(): void {
    this.#paused = false;
    if (this.#phase !== 'streaming') return;
    this.#expectMoreWithin(this.context.idleTimeoutMs);
    this.#resume?.();
  }

  /** Ends the attempt at the head of an answer the client is not to see; the rest is read away, within bounds. */
  #refuse(error: GatewayError, retryDelayMs: number | undefined): boolean {
    this.failure = error;
    this.retryDelayMs = retryDelayMs;
    this.#finish();
    this.#phase = 'discarding';
    const abort = this.#abort;
    this.context.wheel.watch({ expiresAt: this.answeredAt + MAX_DISCARDING_MS, expire: () => abort?.(error) });
    return true;
  }

  #discard(bytes: number): boolean {
    this.#discarded += bytes;
    if (this.#discarded > MAX_DISCARDED_BYTES) this.#abort?.(new UpstreamError('upstream_error'));
    return true;
  }

  #fail(error: GatewayError): void {
    const now = this.context.clock.monotonic();
    if (this.answeredAt === 0) this.answeredAt = now;
    this.#took(now);
    if (tellsOfTheEndpoint(error.code)) this.endpoint.lost(now);
    else this.endpoint.forgive();
    this.failure = error;
    if (!this.headSent) this.retryDelayMs = this.#retryDelayAfter(error.code);
    this.#finish();
    if (this.headSent) this.context.sink.abort(error);
  }

  // What no connection was given can be sent again, whatever it is; what was can only if sending it twice is harmless.
  #retryDelayAfter(code: ErrorCode): number | undefined {
    const { body } = this.context;
    if (code === 'upstream_reset') return this.#mayRetrySafely(undefined);
    const unsent = code === 'upstream_unreachable' || code === 'no_endpoint';
    return unsent && (!(body instanceof UploadBody) || body.untouched) ? this.#mayRetry(undefined) : undefined;
  }

  #mayRetrySafely(retryAfterMs: number | undefined): number | undefined {
    const { call, body } = this.context;
    return call.retry === 'safe' && !(body instanceof UploadBody) ? this.#mayRetry(retryAfterMs) : undefined;
  }

  #mayRetry(retryAfterMs: number | undefined): number | undefined {
    const { scope, retries, clock } = this.context;
    const now = clock.monotonic();
    return retries.delayAfter(this.number, scope.leftMs(now), retryAfterMs, now);
  }

  #took(now: number): void {
    this.context.summary.durationMs = now - this.context.scope.startedAt;
  }

  #finish(): void {
    this.#phase = 'settled';
    this.context.scope.current = undefined;
    this.endpoint.leave();
    this.#settle?.();
  }

  #expectMoreWithin(timeoutMs: number): void {
    this.context.scope.expiresAt = this.context.clock.monotonic() + timeoutMs;
  }

  // A deadline that passes while the client neither sends nor takes is the client's doing.
  #blame(code: ErrorCode): ErrorCode {
    if (code !== 'upstream_timeout') return code;
    if (this.#paused) return 'client_gone';
    const { body } = this.context;
    return body instanceof UploadBody && body.starved ? 'request_timeout' : code;
  }
}

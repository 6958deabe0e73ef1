import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import type { GatewayError } from '../kernel/errors/gateway-error.js';
import { attemptFinished, retryStarted } from '../kernel/events.js';
import type { BodySource, ResponseSink, UpstreamSummary } from '../kernel/exchange.js';
import { SERVICE_NAMES, type ServiceName } from '../kernel/services.js';
import { Balancer, whyNoneAvailable } from './registry/balancer.js';
import type { Endpoint } from './registry/endpoint.js';
import { EndpointRegistry } from './registry/endpoint-registry.js';
import { Backoff } from './resilience/backoff.js';
import { Bulkhead } from './resilience/bulkhead.js';
import { CallScope } from './resilience/call-scope.js';
import { DeadlineWheel } from './resilience/deadline-wheel.js';
import { RetryPolicy } from './resilience/retry-policy.js';
import { UploadPace } from './resilience/upload-pace.js';
import { Attempt, type AttemptContext } from './transport/attempt.js';
import { BufferSink, type BufferedAnswer } from './transport/buffer-sink.js';
import { UploadBody } from './transport/upload-body.js';
import type { UpstreamCall } from './upstream-call.js';
import { UpstreamError } from './upstream.errors.js';

const DEFAULT_FETCH_BYTES = 1_048_576;

interface ServiceStages {
  readonly bulkhead: Bulkhead;
  readonly retries: RetryPolicy;
  readonly balancer: Balancer;
}

/**
 * Calls backend services, in this order: deadline, bulkhead, retry, choice of an endpoint, its breaker, one attempt.
 * It needs no request object and knows no framework but for its injection.
 */
@Injectable()
export class UpstreamClient {
  readonly #stages: Readonly<Record<ServiceName, ServiceStages>>;
  readonly #wheel: DeadlineWheel;

  constructor(
    private readonly registry: EndpointRegistry,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {
    this.#wheel = new DeadlineWheel(clock);
    this.#stages = Object.fromEntries(
      SERVICE_NAMES.map((service) => [
        service,
        {
          bulkhead: new Bulkhead(settings.upstream.maxConcurrency),
          retries: new RetryPolicy(),
          balancer: new Balancer(),
        },
      ]),
    ) as Record<ServiceName, ServiceStages>;
  }

  /**
   * Sends the call and writes the answer to the sink; resolves when the answer has ended. Rejects with a GatewayError
   * if it failed before the head; a failure after the head is told to the sink by `abort`.
   */
  async send(call: UpstreamCall, sink: ResponseSink): Promise<UpstreamSummary> {
    const { bulkhead, retries, balancer } = this.#stages[call.service];
    bulkhead.enter();
    const timeoutMs = call.timeoutMs ?? this.settings.upstream.timeoutMs;
    const scope = new CallScope(this.#wheel, call.hangUp, this.clock.monotonic(), timeoutMs);
    const context = this.#contextOf(call, sink, scope, retries);
    try {
      retries.deposit();
      let last: Attempt | undefined;
      for (;;) {
        const attempt: Attempt = new Attempt(context, this.#pick(context, balancer, last), (last?.number ?? 0) + 1);
        await attempt.run();
        this.#publish(call, attempt);
        const { failure } = attempt;
        if (failure === undefined || attempt.headSent) return context.summary;
        await pauseBeforeRetry(context, attempt, failure);
        last = attempt;
      }
    } finally {
      if (context.body instanceof UploadBody) context.body.destroy();
      scope.close();
      bulkhead.leave();
    }
  }

  /** Sends the call and keeps the answer, of `maxBytes` at most (default 1 MiB); rejects with a GatewayError. */
  async fetch(call: UpstreamCall, maxBytes: number = DEFAULT_FETCH_BYTES): Promise<BufferedAnswer> {
    const sink = new BufferSink(maxBytes);
    await this.send(call, sink);
    return sink.answer();
  }

  // No other attempt is worth making if the endpoints left would refuse it: the first failure is the one to tell.
  #pick({ call, summary }: AttemptContext, balancer: Balancer, last: Attempt | undefined): Endpoint {
    const now = this.clock.monotonic();
    const endpoints = this.registry.of(call.service);
    const endpoint = balancer.pick(endpoints, last?.endpoint, now);
    if (endpoint !== undefined) return endpoint;
    throw last?.failure === undefined ? whyNoneAvailable(endpoints, now) : explained(last.failure, summary);
  }

  #contextOf(call: UpstreamCall, sink: ResponseSink, scope: CallScope, retries: RetryPolicy): AttemptContext {
    return {
      call,
      sink,
      scope,
      retries,
      summary: call.summary ?? emptySummary(call.service, call.operation),
      clock: this.clock,
      wheel: this.#wheel,
      idleTimeoutMs: call.idleTimeoutMs ?? this.settings.upstream.idleTimeoutMs,
      body:
        call.body === undefined || Buffer.isBuffer(call.body) ? (call.body ?? null) : this.#upload(call.body, scope),
    };
  }

  #upload(source: BodySource, scope: CallScope): UploadBody {
    const pace = new UploadPace(this.settings.upstream.uploadPace, this.clock, this.#wheel, () => {
      scope.end('request_timeout');
    });
    return new UploadBody(source, pace);
  }

  #publish(call: UpstreamCall, attempt: Attempt): void {
    if (!attemptFinished.hasSubscribers) return;
    attemptFinished.publish({
      service: call.service,
      operation: call.operation,
      endpoint: attempt.endpoint.id,
      attempt: attempt.number,
      status: attempt.status,
      error: attempt.failure?.code,
      durationMs: attempt.answeredAt - attempt.startedAt,
      ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
    });
  }
}

/** Waits until the next attempt is due; throws where there is none to be made. */
async function pauseBeforeRetry(context: AttemptContext, attempt: Attempt, failure: GatewayError): Promise<void> {
  const { call, scope, summary } = context;
  if (attempt.retryDelayMs === undefined) throw explained(failure, summary);
  await new Backoff().wait(attempt.retryDelayMs, scope);
  if (scope.endedBy !== undefined) throw explained(new UpstreamError(scope.endedBy), summary);
  retryStarted.publish({ service: call.service, operation: call.operation, after: failure.code });
}

function explained(error: GatewayError, summary: UpstreamSummary): GatewayError {
  if (error instanceof UpstreamError) error.summary = summary;
  return error;
}

export const emptySummary = (service: string, operation: string): UpstreamSummary => ({
  service,
  operation,
  attempts: 0,
  durationMs: 0,
  status: undefined,
});

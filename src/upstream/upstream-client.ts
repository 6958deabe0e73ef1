import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import type { GatewayError } from '../kernel/errors/gateway-error.js';
import { attemptFinished, retryStarted } from '../kernel/events.js';
import type { ResponseSink, UpstreamSummary } from '../kernel/exchange.js';
import { SERVICE_NAMES, type ServiceName } from '../kernel/services.js';
import { Balancer, whyNoneAvailable } from './registry/balancer.js';
import type { Endpoint } from './registry/endpoint.js';
import { EndpointRegistry } from './registry/endpoint-registry.js';
import { Backoff } from './resilience/backoff.js';
import { Bulkhead } from './resilience/bulkhead.js';
import { CallScope } from './resilience/call-scope.js';
import { DeadlineWheel } from './resilience/deadline-wheel.js';
import { RetryPolicy } from './resilience/retry-policy.js';
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
    const { bulkhead } = this.#stages[call.service];
    const timeoutMs = call.timeoutMs ?? this.settings.upstream.timeoutMs;
    const scope = new CallScope(this.#wheel, call.hangUp, this.clock.monotonic(), timeoutMs);
    try {
      bulkhead.enter();
      try {
        return await this.#attempts(call, sink, scope);
      } finally {
        bulkhead.leave();
      }
    } finally {
      scope.close();
    }
  }

  /** Sends the call and keeps the answer, of `maxBytes` at most (default 1 MiB); rejects with a GatewayError. */
  async fetch(call: UpstreamCall, maxBytes: number = DEFAULT_FETCH_BYTES): Promise<BufferedAnswer> {
    const sink = new BufferSink(maxBytes);
    await this.send(call, sink);
    return sink.answer();
  }

  async #attempts(call: UpstreamCall, sink: ResponseSink, scope: CallScope): Promise<UpstreamSummary> {
    const { retries, balancer } = this.#stages[call.service];
    const context = this.#contextOf(call, sink, scope, retries);
    retries.deposit();
    let last: Attempt | undefined;
    for (;;) {
      const endpoint = this.#pick(context, balancer, last);
      const attempt = new Attempt(context, endpoint, (last?.number ?? 0) + 1);
      await this.#run(attempt, scope);
      this.#publish(call, attempt);
      const { failure, retryDelayMs } = attempt;
      if (failure === undefined || attempt.headSent) return context.summary;
      if (retryDelayMs === undefined) throw explained(failure, context.summary);
      await new Backoff().wait(retryDelayMs, scope);
      if (scope.endedBy !== undefined) throw explained(new UpstreamError(scope.endedBy), context.summary);
      retryStarted.publish({ service: call.service, operation: call.operation, after: failure.code });
      last = attempt;
    }
  }

  // No other attempt is worth making if the endpoints left would refuse it: the first failure is the one to tell.
  #pick({ call, summary }: AttemptContext, balancer: Balancer, last: Attempt | undefined): Endpoint {
    const now = this.clock.monotonic();
    const endpoints = this.registry.of(call.service);
    const endpoint = balancer.pick(endpoints, last?.endpoint, now);
    if (endpoint !== undefined) return endpoint;
    throw last?.failure === undefined ? whyNoneAvailable(endpoints, now) : explained(last.failure, summary);
  }

  async #run(attempt: Attempt, scope: CallScope): Promise<void> {
    const { endpoint } = attempt;
    endpoint.enter();
    try {
      await (scope.endedBy === undefined ? attempt.run() : attempt.cancel(scope.endedBy));
    } finally {
      endpoint.leave();
    }
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
      body: call.body === undefined || Buffer.isBuffer(call.body) ? (call.body ?? null) : new UploadBody(call.body),
    };
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

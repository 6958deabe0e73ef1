import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Tracer,
} from '@opentelemetry/api';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { AlwaysOnSampler, NodeTracerProvider, ParentBasedSampler } from '@opentelemetry/sdk-trace-node';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Clock } from '../../kernel/clock.js';
import { attemptFinished, exchangeClosed, type AttemptFinished, type ExchangeClosed } from '../../kernel/events.js';
import { AnnouncedIds, parseTraceparent, type TraceParent } from './span-ids.js';

/**
 * Spans made after the fact from the closing events: a server span per exchange, a client span per attempt. Nothing is
 * carried along the request path for them. A caller's own sampling decision is kept; without one, all are exported.
 */
export class TraceExport {
  readonly #ids = new AnnouncedIds();
  readonly #provider: NodeTracerProvider;
  readonly #tracer: Tracer;
  readonly #unsubscribe: readonly (() => void)[];

  constructor(
    processor: SpanProcessor,
    private readonly clock: Clock,
  ) {
    this.#provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'genoflow-gateway' }),
      idGenerator: this.#ids,
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [processor],
    });
    this.#tracer = this.#provider.getTracer('genoflow-gateway');
    this.#unsubscribe = [
      exchangeClosed.subscribe((closed) => this.#exchangeSpan(closed)),
      attemptFinished.subscribe((attempt) => this.#attemptSpan(attempt)),
    ];
  }

  /** Ends listening and sends what is waiting. */
  async close(): Promise<void> {
    this.#unsubscribe.forEach((end) => end());
    await this.#provider.shutdown();
  }

  #exchangeSpan({ exchange, status, durationMs }: ExchangeClosed): void {
    const caller = parseTraceparent(exchange.requestHeaders['traceparent']);
    const handedOn = parseTraceparent(exchange.traceparent);
    // Where the gateway handed on a parent of its own, that is this span's id; else the caller's parent stayed.
    const own = handedOn?.spanId === caller?.spanId ? undefined : handedOn;
    const parent = caller === undefined ? ROOT_CONTEXT : childOf(caller);
    const endTime = this.clock.now();
    const route = exchange.route === '' ? 'unmatched' : exchange.route;
    const options = {
      kind: SpanKind.SERVER,
      startTime: endTime - durationMs,
      attributes: {
        'http.request.method': exchange.method,
        'http.route': route,
        'http.response.status_code': status,
        'genoflow.request_id': exchange.id,
        ...(exchange.errorCode === undefined ? {} : { 'error.type': exchange.errorCode }),
      },
    };
    const span = this.#ids.under(own, () => this.#tracer.startSpan(`${exchange.method} ${route}`, options, parent));
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endTime);
  }

  #attemptSpan({
    service,
    operation,
    endpoint,
    attempt,
    status,
    error,
    durationMs,
    traceparent,
  }: AttemptFinished): void {
    const parent = parseTraceparent(traceparent);
    if (parent === undefined) return;
    const endTime = this.clock.now();
    const span = this.#tracer.startSpan(
      `${service} ${operation}`,
      {
        kind: SpanKind.CLIENT,
        startTime: endTime - durationMs,
        attributes: {
          'genoflow.service': service,
          'genoflow.operation': operation,
          'genoflow.endpoint': endpoint,
          'genoflow.attempt': attempt,
          ...(status === undefined ? {} : { 'http.response.status_code': status }),
          ...(error === undefined ? {} : { 'error.type': error }),
        },
      },
      childOf(parent),
    );
    if (error !== undefined || (status ?? 0) >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endTime);
  }
}

const childOf = (parent: TraceParent): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  });

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { buildExchange } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { attemptFinished, exchangeClosed } from '../../kernel/events.js';
import { openTraces } from './open-traces.js';
import { TraceExport } from './trace-export.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const OWN = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const CALLER = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const closed = (callers?: string, status = 200, traceparent = OWN) => ({
  exchange: {
    ...buildExchange(),
    route: '/api/v1/results/:job_id',
    query: 'sample_id=SECRET',
    traceparent,
    requestHeaders: callers === undefined ? {} : { traceparent: callers },
  },
  status,
  durationMs: 20,
  requestBytes: 0,
  responseBytes: 0,
});
const ATTEMPT = {
  service: 'results',
  operation: 'read',
  endpoint: '0',
  attempt: 1,
  status: 200,
  error: undefined,
  durationMs: 10,
} as const;

describe('the traces', () => {
  let exporter: InMemorySpanExporter;
  let traces: TraceExport;
  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    traces = new TraceExport(new SimpleSpanProcessor(exporter), new ManualClock());
  });
  afterEach(() => traces.close());

  it('are a server span with the ids that the backend was told, and the attempts as its children', () => {
    attemptFinished.publish({ ...ATTEMPT, traceparent: OWN });
    exchangeClosed.publish(closed());
    const [attempt, server] = exporter.getFinishedSpans();
    expect(server?.name).toBe('GET /api/v1/results/:job_id');
    expect(server?.kind).toBe(SpanKind.SERVER);
    expect(server?.spanContext()).toMatchObject({ traceId: TRACE_ID, spanId: 'b7ad6b7169203331' });
    expect(server?.parentSpanContext).toBeUndefined();
    expect(server?.duration).toEqual([0, 20_000_000]);
    expect(attempt?.kind).toBe(SpanKind.CLIENT);
    expect(attempt?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(attempt?.spanContext().spanId).not.toBe('b7ad6b7169203331');
  });

  it("hang under the caller's span, and take an id of their own where the caller's parent was handed on", () => {
    exchangeClosed.publish(closed(CALLER));
    exchangeClosed.publish(closed(CALLER, 200, CALLER));
    const [first, second] = exporter.getFinishedSpans();
    expect(first?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
    expect(first?.spanContext().spanId).toBe('b7ad6b7169203331');
    expect(second?.spanContext().spanId).not.toBe('00f067aa0ba902b7');
  });

  it('are not made where the caller decided against, nor for calls that belong to no exchange', () => {
    exchangeClosed.publish(closed(CALLER.replace(/01$/, '00')));
    attemptFinished.publish(ATTEMPT);
    attemptFinished.publish({ ...ATTEMPT, traceparent: OWN.replace(/01$/, '00') });
    expect(exporter.getFinishedSpans()).toHaveLength(0);
  });

  it('hold allow-listed attributes only', () => {
    exchangeClosed.publish(closed(undefined, 503));
    const [span] = exporter.getFinishedSpans();
    expect(Object.keys(span?.attributes ?? {}).sort()).toEqual([
      'genoflow.request_id',
      'http.request.method',
      'http.response.status_code',
      'http.route',
    ]);
    expect(JSON.stringify(span?.attributes)).not.toContain('SECRET');
  });
});

describe('the export', () => {
  it('is nothing at all without an endpoint', async () => {
    const traces = openTraces(undefined, new ManualClock());
    expect([traces.isExporting, exchangeClosed.hasSubscribers, attemptFinished.hasSubscribers]).toEqual([
      false,
      false,
      false,
    ]);
    await traces.onApplicationShutdown();
  });

  it('sends to the collector what is waiting when the gateway stops', async () => {
    const received: string[] = [];
    const collector = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push(request.url ?? '', body);
        response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const { port } = collector.address() as AddressInfo;
    const traces = openTraces(`http://127.0.0.1:${port}/`, new ManualClock(Date.now()));
    exchangeClosed.publish(closed());
    await traces.onApplicationShutdown();
    await new Promise((resolve) => collector.close(resolve));
    expect(received[0]).toBe('/v1/traces');
    expect(received[1]).toContain(TRACE_ID);
    expect(received[1]).not.toContain('SECRET');
  });
});

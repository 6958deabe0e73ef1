import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Clock } from '../../kernel/clock.js';
import { TraceExport } from './trace-export.js';

/** What holds the export of traces; without an endpoint there is none, and nothing listens. */
export class Traces {
  constructor(private readonly active: TraceExport | undefined) {}

  get isExporting(): boolean {
    return this.active !== undefined;
  }

  async onApplicationShutdown(): Promise<void> {
    // A collector that is away must not fail the gateway's own stop.
    await this.active?.close().catch(() => undefined);
  }
}

/** Sends to `<endpoint>/v1/traces` in batches; the queue is bounded by the SDK at 2,048 spans. */
export function openTraces(endpoint: string | undefined, clock: Clock): Traces {
  if (endpoint === undefined) return new Traces(undefined);
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  return new Traces(new TraceExport(new BatchSpanProcessor(new OTLPTraceExporter({ url })), clock));
}

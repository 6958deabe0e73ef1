import { SystemClock, type Clock } from '../../src/kernel/clock.js';
import { assignUrls } from './assign-urls.js';
import type { Settings, UpstreamSettings } from '../../src/kernel/config/settings.js';
import type { GatewayError } from '../../src/kernel/errors/gateway-error.js';
import type { ResponseSink } from '../../src/kernel/exchange.js';
import { SERVICE_NAMES } from '../../src/kernel/services.js';
import { SYSTEM_TLS } from '../../src/kernel/tls/tls-files.js';
import { EndpointRegistry } from '../../src/upstream/registry/endpoint-registry.js';
import type { UpstreamCall } from '../../src/upstream/upstream-call.js';
import { UpstreamClient } from '../../src/upstream/upstream-client.js';
import { UpstreamTls } from '../../src/upstream/upstream-tls.js';

export function upstreamSettings(overrides: Partial<UpstreamSettings> = {}): Settings {
  const upstream: UpstreamSettings = {
    urls: Object.fromEntries(SERVICE_NAMES.map((name) => [name, undefined])) as UpstreamSettings['urls'],
    tls: SYSTEM_TLS,
    timeoutMs: 5_000,
    connectTimeoutMs: 1_000,
    idleTimeoutMs: 5_000,
    maxConcurrency: 64,
    uploadPace: { minBytesPerSecond: 0, windowMs: 1_000 },
    breakerOpenMs: 1_000,
    healthIntervalMs: 1_000,
    ...overrides,
  };
  return { upstream } as Settings;
}

/** The registry of these settings, with the TLS they ask for. */
export const registryFor = (settings: Settings): EndpointRegistry =>
  new EndpointRegistry(settings, new UpstreamTls(settings, new SystemClock()));

export interface ClientUnderTest extends AsyncDisposable {
  readonly client: UpstreamClient;
  readonly registry: EndpointRegistry;
}

/** An UpstreamClient whose qc service has the given instances. */
export function clientFor(
  urls: readonly string[],
  overrides: Partial<UpstreamSettings> = {},
  clock: Clock = new SystemClock(),
): ClientUnderTest {
  const settings = upstreamSettings(overrides);
  const registry = registryFor(settings);
  assignUrls(registry, 'qc', urls);
  const client = new UpstreamClient(registry, settings, clock);
  return { client, registry, [Symbol.asyncDispose]: () => registry.onApplicationShutdown() };
}

export const callTo = (overrides: Partial<UpstreamCall> = {}): UpstreamCall => ({
  service: 'qc',
  operation: 'qc.test',
  method: 'GET',
  path: '/results/qc_1',
  fields: [],
  body: undefined,
  retry: 'safe',
  ...overrides,
});

/** Keeps what it is given; can be told to push back. */
export class RecordingSink implements ResponseSink {
  status: number | undefined;
  fields: readonly string[] = [];
  chunks: Buffer[] = [];
  ended = false;
  aborted: GatewayError | undefined;
  /** While true, `write` asks the writer to stop. */
  full = false;
  resume: (() => void) | undefined;

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  field(name: string): string[] {
    return this.fields.filter((_, i) => i % 2 === 1 && this.fields[i - 1]?.toLowerCase() === name.toLowerCase());
  }

  head(status: number, fields: readonly string[]): void {
    if (this.status !== undefined) throw new Error('a second head');
    this.status = status;
    this.fields = fields;
  }

  write(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    return !this.full;
  }

  onDrain(resume: () => void): void {
    this.resume = resume;
  }

  end(): void {
    this.ended = true;
  }

  abort(error: GatewayError): void {
    this.aborted = error;
  }
}

import { HttpService } from '@nestjs/axios';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../../kernel/config/settings.js';
import type { Endpoint } from '../registry/endpoint.js';
import { EndpointRegistry } from '../registry/endpoint-registry.js';
import { lookupOf } from '../transport/connection-pool.js';
import { UpstreamTls } from '../upstream-tls.js';

const UNHEALTHY_AFTER = 2;
/** An endpoint that is down is looked at more often, so that its return is noticed soon. */
const DOWN_INTERVAL_MS = 1_000;
const MAX_PROBE_TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 65_536;
const JITTER = 0.2;

interface Probe {
  failures: number;
  dueAt: number;
  underWay: boolean;
  /** At least one has ended. */
  done: boolean;
}

/**
 * Asks every endpoint's `/health` now and then, by one scheduler. An answer below 500 is a sign of life; two probes in
 * a row without one make the endpoint unhealthy, one makes it healthy again. Requests never cause a probe.
 */
@Injectable()
export class HealthMonitor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #probes = new WeakMap<Endpoint, Probe>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #firstRoundDone = false;

  constructor(
    private readonly http: HttpService,
    private readonly registry: EndpointRegistry,
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly tls: UpstreamTls,
  ) {}

  /** There was a moment at which all endpoints known, and at least one, had been probed. */
  get firstRoundDone(): boolean {
    return this.#firstRoundDone;
  }

  onApplicationBootstrap(): void {
    this.#schedule(0);
  }

  beforeApplicationShutdown(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  /** Probes the endpoints that are due; resolves when all have answered or timed out. */
  async probeDue(): Promise<void> {
    const now = this.clock.monotonic();
    const due = this.registry.all().filter((endpoint) => {
      const probe = this.#probeOf(endpoint);
      return !probe.underWay && probe.dueAt <= now;
    });
    await Promise.all(due.map((endpoint) => this.#probe(endpoint)));
    const endpoints = this.registry.all();
    this.#firstRoundDone ||= endpoints.length > 0 && endpoints.every((endpoint) => this.#probeOf(endpoint).done);
  }

  #schedule(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => {
      void this.probeDue();
      this.#schedule(Math.min(DOWN_INTERVAL_MS, this.settings.upstream.healthIntervalMs));
    }, delayMs).unref();
  }

  #probeOf(endpoint: Endpoint): Probe {
    let probe = this.#probes.get(endpoint);
    if (probe === undefined)
      this.#probes.set(endpoint, (probe = { failures: 0, dueAt: 0, underWay: false, done: false }));
    return probe;
  }

  async #probe(endpoint: Endpoint): Promise<void> {
    const probe = this.#probeOf(endpoint);
    probe.underWay = true;
    const alive = await this.#ask(endpoint);
    probe.underWay = false;
    probe.done = true;
    if (this.#stop.signal.aborted) return;
    probe.failures = alive ? 0 : probe.failures + 1;
    if (alive) endpoint.markHealthy(true);
    else if (probe.failures >= UNHEALTHY_AFTER) endpoint.markHealthy(false);
    const { healthIntervalMs } = this.settings.upstream;
    const intervalMs = alive ? healthIntervalMs : Math.min(DOWN_INTERVAL_MS, healthIntervalMs);
    probe.dueAt = this.clock.monotonic() + intervalMs * (1 - JITTER * Math.random());
  }

  async #ask({ target }: Endpoint): Promise<boolean> {
    const timeoutMs = Math.min(MAX_PROBE_TIMEOUT_MS, this.settings.upstream.timeoutMs);
    try {
      const { status } = await this.http.axiosRef.get<unknown>(`${target.origin}${target.basePath}/health`, {
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]),
        maxRedirects: 0,
        maxContentLength: MAX_BODY_BYTES,
        responseType: 'text',
        proxy: false,
        httpsAgent: this.tls.agentFor(target),
        validateStatus: () => true,
        ...(target.address === undefined ? {} : { lookup: lookupOf(target.address) as never }),
      });
      return status < 500;
    } catch {
      return false;
    }
  }
}

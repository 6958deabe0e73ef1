import type { BackendClock } from '../service/clock.js';
import type { BackendLog } from '../service/log.js';
import { localSystem } from './local-system.js';
import type { Metrics } from './metrics.types.js';
import type { PrometheusClient } from './prometheus-client.js';
import { prometheusFigures } from './prometheus-figures.js';
import type { ServiceChecks } from './service-checks.js';

/** Callers that come together, or within this time, get the same figures: each collection costs every service a call. */
const FRESH_MS = 1_000;

type Machine = Pick<Metrics, 'system' | 'traffic' | 'source'>;

export interface CollectorParts {
  readonly dataDir: string;
  /** Undefined where no Prometheus is configured. */
  readonly prometheus: PrometheusClient | undefined;
  readonly checks: ServiceChecks;
  readonly clock: BackendClock;
  readonly log: BackendLog;
}

/** Gathers all figures at the same time. */
export class MetricsCollector {
  private current: { readonly metrics: Promise<Metrics>; readonly since: number } | undefined;

  constructor(private readonly parts: CollectorParts) {}

  collect(): Promise<Metrics> {
    const now = this.parts.clock.now();
    if (this.current === undefined || now - this.current.since >= FRESH_MS || now < this.current.since) {
      const metrics = this.gather();
      this.current = { metrics, since: now };
      metrics.catch(() => (this.current = undefined));
    }
    return this.current.metrics;
  }

  private async gather(): Promise<Metrics> {
    const { checks, clock } = this.parts;
    const [machine, services, jobs] = await Promise.all([this.machine(), checks.services(), checks.jobs()]);
    return { collected_at: new Date(clock.now()).toISOString(), ...machine, services, jobs };
  }

  /** Prometheus if there is one and it answers; otherwise what can be seen from here, and `source` says so. */
  private async machine(): Promise<Machine> {
    const { prometheus, dataDir, log } = this.parts;
    if (prometheus !== undefined) {
      try {
        return { ...(await prometheusFigures(prometheus)), source: 'prometheus' };
      } catch (error) {
        log.fault('prometheus_unavailable', error);
      }
    }
    return { system: await localSystem(dataDir), traffic: null, source: 'reference' };
  }
}

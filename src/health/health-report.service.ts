import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import { Readiness } from '../kernel/readiness.js';
import { HealthMonitor } from '../upstream/health/health-monitor.js';
import { DependencyIndicators } from './dependency-indicators.js';

export interface HealthReport {
  readonly status: 200 | 503;
  readonly body: object;
}

/** What the three health routes answer. */
@Injectable()
export class HealthReportService {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: DependencyIndicators,
    private readonly readiness: Readiness,
    private readonly monitor: HealthMonitor,
  ) {}

  /** Terminus's summary, without addresses: 503 if a dependency is down. */
  async summary(): Promise<HealthReport> {
    try {
      return { status: 200, body: await this.checks.check(this.indicators.all()) };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      return { status: 503, body: error.getResponse() as object };
    }
  }

  /** That this could be asked and answered is the answer. */
  live(): HealthReport {
    return { status: 200, body: { status: 'ok' } };
  }

  /**
   * Whether to send requests here: not before the backends have been looked at once, nor while draining. A backend or
   * store that is away does not count: taking every replica out of service would only hide why.
   */
  ready(): HealthReport {
    if (!this.readiness.ready) return { status: 503, body: { status: 'shutting_down' } };
    return this.monitor.firstRoundDone
      ? { status: 200, body: { status: 'ok' } }
      : { status: 503, body: { status: 'starting' } };
  }
}

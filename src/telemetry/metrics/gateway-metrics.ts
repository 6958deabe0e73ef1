import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { register, type Metric } from 'prom-client';
import { exchangeClosed } from '../../kernel/events.js';
import { EventMetrics } from './event-metrics.js';
import { ExchangeMetrics } from './exchange-metrics.js';
import type { ScrapedMetric } from './series.js';

/** Puts the gateway's metrics into prom-client's registry, and takes them out again when the gateway closes. */
@Injectable()
export class GatewayMetrics implements OnApplicationShutdown {
  readonly #exchanges = new ExchangeMetrics();
  readonly #events = new EventMetrics();
  readonly #metrics: readonly ScrapedMetric[];
  readonly #unsubscribe: readonly (() => void)[];

  constructor() {
    this.#metrics = [...this.#exchanges.metrics, ...this.#events.metrics];
    for (const metric of this.#metrics) {
      // The registry belongs to the process; of two gateways in one, the later one is scraped.
      register.removeSingleMetric(metric.name);
      register.registerMetric(metric as unknown as Metric);
    }
    this.#unsubscribe = [exchangeClosed.subscribe((closed) => this.#exchanges.count(closed)), ...this.#events.listen()];
  }

  onApplicationShutdown(): void {
    this.#unsubscribe.forEach((end) => end());
    for (const metric of this.#metrics)
      if ((register.getSingleMetric(metric.name) as unknown) === metric) register.removeSingleMetric(metric.name);
  }
}

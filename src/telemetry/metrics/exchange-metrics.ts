import type { ExchangeClosed } from '../../kernel/events.js';
import { METRICS } from './metric-table.js';
import { DurationSeries, NumberSeries, type DurationCounts, type ScrapedMetric } from './series.js';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Routes are ours and few; the bound keeps a mistake in naming them from filling the memory. */
const MAX_ROUTES = 500;

const UNMATCHED = 'unmatched';

interface RouteCells {
  /** As counted: another than asked for, once the bound on routes is reached. */
  readonly route: string;
  readonly byStatus: Map<number, { value: number }>;
  readonly duration: DurationCounts;
}

/** Counts exchanges. After the first of its kind an exchange costs three lookups and no label is hashed. */
export class ExchangeMetrics {
  readonly #requests = new NumberSeries(METRICS.httpRequests);
  readonly #durations = new DurationSeries(METRICS.httpDuration);
  readonly #routes = new Map<string, Map<string, RouteCells>>();

  get metrics(): readonly ScrapedMetric[] {
    return [this.#requests, this.#durations];
  }

  count(closed: ExchangeClosed): void {
    const method = METHODS.has(closed.exchange.method) ? closed.exchange.method : 'other';
    const route = closed.exchange.route === '' ? UNMATCHED : closed.exchange.route;
    const cells = this.#cellsOf(method, route);
    let counter = cells.byStatus.get(closed.status);
    if (counter === undefined) {
      counter = this.#requests.cell(method, cells.route, String(closed.status));
      cells.byStatus.set(closed.status, counter);
    }
    counter.value += 1;
    cells.duration.observe(closed.durationMs / 1000);
  }

  #cellsOf(method: string, route: string): RouteCells {
    let methods = this.#routes.get(route);
    if (methods === undefined) {
      if (this.#routes.size >= MAX_ROUTES && route !== UNMATCHED) return this.#cellsOf(method, UNMATCHED);
      methods = new Map();
      this.#routes.set(route, methods);
    }
    let cells = methods.get(method);
    if (cells === undefined) {
      cells = { route, byStatus: new Map(), duration: this.#durations.counts(method, route) };
      methods.set(method, cells);
    }
    return cells;
  }
}

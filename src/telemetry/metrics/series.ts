import type { MetricRow } from './metric-table.js';
import { DURATION_BUCKETS } from './metric-table.js';

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** What prom-client's registry asks of a metric when it is scraped. */
export interface ScrapedMetric {
  readonly name: string;
  get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: 'sum' | 'min' | 'max' }>;
}

/** More label combinations of one metric are counted under `other`: labels are bounded, and this holds them to it. */
const MAX_SERIES = 2_000;
const SEPARATOR = '\0';

abstract class Series<Value> implements ScrapedMetric {
  readonly #series = new Map<string, Value>();

  constructor(private readonly row: MetricRow) {}

  get name(): string {
    return this.row.name;
  }

  /** prom-client hashes an object of labels for every observation; here the labels' values, joined, are the key. */
  protected at(labels: readonly string[]): Value {
    const key = labels.length === 1 ? (labels[0] ?? '') : labels.join(SEPARATOR);
    return this.#series.get(key) ?? this.#add(key);
  }

  get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: 'sum' | 'min' | 'max' }> {
    const { name, help, type, aggregator = 'sum' } = this.row;
    const values = [...this.#series].flatMap(([key, value]) => this.samples(this.#labelsOf(key), value));
    return Promise.resolve({ name, help, type, values, aggregator });
  }

  protected abstract create(): Value;
  protected abstract samples(labels: Readonly<Record<string, string>>, value: Value): Sample[];

  #add(key: string): Value {
    const isFull = this.#series.size >= MAX_SERIES;
    const own = isFull ? this.row.labels.map(() => 'other').join(SEPARATOR) : key;
    const standing = this.#series.get(own);
    if (standing !== undefined) return standing;
    const value = this.create();
    this.#series.set(own, value);
    return value;
  }

  #labelsOf(key: string): Record<string, string> {
    const values = key.split(SEPARATOR);
    return Object.fromEntries(this.row.labels.map((label, index) => [label, values[index] ?? '']));
  }
}

interface Cell {
  value: number;
}

/** A counter or gauge; an update is one lookup in a Map. */
export class NumberSeries extends Series<Cell> {
  increment(...labels: readonly string[]): void {
    this.at(labels).value += 1;
  }

  set(value: number, ...labels: readonly string[]): void {
    this.at(labels).value = value;
  }

  /** The cell itself, for callers that resolve their labels once. */
  cell(...labels: readonly string[]): Cell {
    return this.at(labels);
  }

  protected override create(): Cell {
    return { value: 0 };
  }

  protected override samples(labels: Readonly<Record<string, string>>, cell: Cell): Sample[] {
    return [{ labels, value: cell.value }];
  }
}

/** One series of a histogram: counts by bucket, not yet cumulated. */
export class DurationCounts {
  readonly buckets = new Float64Array(DURATION_BUCKETS.length + 1);
  count = 0;
  sumSeconds = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[bucket] ?? Infinity)) bucket += 1;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count += 1;
    this.sumSeconds += seconds;
  }
}

export class DurationSeries extends Series<DurationCounts> {
  /** The counts of one combination of labels. */
  counts(...labels: readonly string[]): DurationCounts {
    return this.at(labels);
  }

  protected override create(): DurationCounts {
    return new DurationCounts();
  }

  protected override samples(labels: Readonly<Record<string, string>>, counts: DurationCounts): Sample[] {
    let total = 0;
    const buckets = [...DURATION_BUCKETS, Infinity].map((bound, index) => {
      total += counts.buckets[index] ?? 0;
      const le = bound === Infinity ? '+Inf' : bound;
      return { labels: { le, ...labels }, value: total, metricName: `${this.name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: counts.sumSeconds, metricName: `${this.name}_sum` },
      { labels, value: counts.count, metricName: `${this.name}_count` },
    ];
  }
}

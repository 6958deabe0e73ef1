import type { BackendName } from '../service/backend-name.js';

/** Figures of the machine; null where the source has none. */
export interface SystemFigures {
  readonly cpu_count: number | null;
  /** Over 1, 5 and 15 minutes. */
  readonly load_average: readonly (number | null)[];
  readonly memory_total_bytes: number | null;
  readonly memory_free_bytes: number | null;
  readonly disk_free_bytes: number | null;
  readonly uptime_seconds: number | null;
}

export interface ServiceFigures {
  readonly name: BackendName;
  readonly status: 'up' | 'down';
  /** Of the health check, whole milliseconds; null when it did not answer. */
  readonly latency_ms: number | null;
}

/** Jobs by status, as the execution service counts them; null when it does not answer. */
export type JobFigures = Readonly<Record<string, number>> | null;

/** The gateway's traffic of the last five minutes; known to Prometheus only. */
export interface TrafficFigures {
  readonly requests_per_second: number | null;
  /** Share of 5xx answers, 0..1. */
  readonly error_ratio: number | null;
  readonly p99_seconds: number | null;
}

export interface Metrics {
  /** RFC 3339, UTC. */
  readonly collected_at: string;
  readonly system: SystemFigures;
  readonly services: readonly ServiceFigures[];
  readonly jobs: JobFigures;
  readonly traffic: TrafficFigures | null;
  /** Where `system` and `traffic` come from. */
  readonly source: 'reference' | 'prometheus';
}

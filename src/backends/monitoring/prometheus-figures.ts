import type { SystemFigures, TrafficFigures } from './metrics.types.js';
import type { PrometheusClient } from './prometheus-client.js';

/** Of node_exporter, over all machines it is scraped from. */
const SYSTEM = {
  cpus: 'count(node_cpu_seconds_total{mode="idle"})',
  load1: 'sum(node_load1)',
  load5: 'sum(node_load5)',
  load15: 'sum(node_load15)',
  memoryTotal: 'sum(node_memory_MemTotal_bytes)',
  memoryFree: 'sum(node_memory_MemAvailable_bytes)',
  diskFree: 'sum(max by (instance, device) (node_filesystem_avail_bytes{fstype!~"tmpfs|overlay|squashfs"}))',
  uptime: 'min(node_time_seconds - node_boot_time_seconds)',
} as const;

/** Of the gateway itself. */
const TRAFFIC = {
  rate: 'sum(rate(genoflow_http_requests_total[5m]))',
  errors:
    'sum(rate(genoflow_http_requests_total{status=~"5.."}[5m])) / (sum(rate(genoflow_http_requests_total[5m])) > 0)',
  p99: 'histogram_quantile(0.99, sum by (le) (rate(genoflow_http_request_duration_seconds_bucket[5m])))',
} as const;

/** Every expression this service asks for. */
export const PROMETHEUS_EXPRESSIONS: readonly string[] = [...Object.values(SYSTEM), ...Object.values(TRAFFIC)];

/** All figures at once; throws when Prometheus does not answer. */
export async function prometheusFigures(
  client: PrometheusClient,
): Promise<{ system: SystemFigures; traffic: TrafficFigures }> {
  const [system, traffic] = await Promise.all([ask(client, SYSTEM), ask(client, TRAFFIC)]);
  return {
    system: {
      cpu_count: system.cpus,
      load_average: [system.load1, system.load5, system.load15],
      memory_total_bytes: system.memoryTotal,
      memory_free_bytes: system.memoryFree,
      disk_free_bytes: system.diskFree,
      uptime_seconds: system.uptime === null ? null : Math.floor(system.uptime),
    },
    traffic: {
      requests_per_second: traffic.rate,
      // A sum over no series at all is no series either: without traffic there is no share of errors.
      error_ratio: traffic.errors ?? (traffic.rate === null || traffic.rate === 0 ? null : 0),
      p99_seconds: traffic.p99,
    },
  };
}

async function ask<Name extends string>(
  client: PrometheusClient,
  expressions: Readonly<Record<Name, string>>,
): Promise<Record<Name, number | null>> {
  const names = Object.keys(expressions) as Name[];
  const values = await Promise.all(names.map((name) => client.value(expressions[name])));
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null])) as Record<Name, number | null>;
}

import { register } from 'prom-client';
import { buildExchange } from '../../../test/support/identity-builders.js';
import {
  accessRefused,
  attemptFinished,
  breakerChanged,
  cacheLookedUp,
  endpointHealthChanged,
  exchangeClosed,
  limitDecided,
  retryStarted,
  sessionChanged,
  stateStoreChanged,
  userFeedChanged,
  verificationKeysRead,
} from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import { ExchangeMetrics } from './exchange-metrics.js';
import { GatewayMetrics } from './gateway-metrics.js';
import { METRICS } from './metric-table.js';
import { NumberSeries } from './series.js';

const closed = (changes: Partial<Exchange>, status = 200, durationMs = 3) => ({
  exchange: { ...buildExchange(), ...changes },
  status,
  durationMs,
  requestBytes: 0,
  responseBytes: 0,
});

describe('the metrics', () => {
  let metrics: GatewayMetrics;
  beforeEach(() => {
    metrics = new GatewayMetrics();
  });
  afterEach(() => metrics.onApplicationShutdown());

  it('count exchanges by method, route and status, and put durations into cumulated buckets', async () => {
    exchangeClosed.publish(closed({ route: '/api/v1/qc/analyze', method: 'POST' }, 202, 3));
    exchangeClosed.publish(closed({ route: '/api/v1/qc/analyze', method: 'POST' }, 202, 40));
    exchangeClosed.publish(closed({ route: '/api/v1/qc/analyze', method: 'POST' }, 503, 90_000));
    const text = await register.metrics();
    const labels = 'method="POST",route="/api/v1/qc/analyze"';
    expect(text).toContain(`genoflow_http_requests_total{${labels},status="202"} 2\n`);
    expect(text).toContain(`genoflow_http_requests_total{${labels},status="503"} 1\n`);
    expect(text).toContain('# TYPE genoflow_http_request_duration_seconds histogram\n');
    const buckets = [...text.matchAll(/request_duration_seconds_bucket\{le="([^"]+)",[^}]*\} (\d+)/g)].map(
      ([, le, count]) => [le, Number(count)],
    );
    expect(buckets).toContainEqual(['0.0025', 0]);
    expect(buckets).toContainEqual(['0.005', 1]);
    expect(buckets).toContainEqual(['0.05', 2]);
    expect(buckets).toContainEqual(['60', 2]);
    expect(buckets).toContainEqual(['+Inf', 3]);
    expect(text).toContain(`genoflow_http_request_duration_seconds_sum{${labels}} 90.043\n`);
    expect(text).toContain(`genoflow_http_request_duration_seconds_count{${labels}} 3\n`);
  });

  it('name no path and no method that a client made up', async () => {
    exchangeClosed.publish(closed({ route: '', method: 'SAMPLE-42' }, 404));
    const text = await register.metrics();
    expect(text).toContain('genoflow_http_requests_total{method="other",route="unmatched",status="404"} 1\n');
    expect(text).not.toContain('SAMPLE-42');
  });

  it('tell what every channel said', async () => {
    const attempt = { service: 'qc', operation: 'analyze', endpoint: '0', attempt: 1, durationMs: 5 } as const;
    attemptFinished.publish({ ...attempt, status: 202, error: undefined });
    attemptFinished.publish({ ...attempt, status: undefined, error: 'upstream_timeout' });
    breakerChanged.publish({ service: 'qc', endpoint: '0', state: 'open' });
    endpointHealthChanged.publish({ service: 'qc', endpoint: '0', healthy: false });
    retryStarted.publish({ service: 'qc', operation: 'analyze', after: 'upstream_reset' });
    limitDecided.publish({ limit: 'caller', allowed: false });
    cacheLookedUp.publish({ operation: 'list', hit: true });
    stateStoreChanged.publish({ store: 'redis', available: true });
    accessRefused.publish({ exchange: buildExchange(), code: 'forbidden' });
    sessionChanged.publish({ change: 'login', exchangeId: 'r', userId: 'u', sessionId: 's', clientAddress: 'a' });
    userFeedChanged.publish({ state: 'followed' });
    const text = await register.metrics();
    for (const line of [
      'genoflow_user_changes_followed 1',
      'genoflow_upstream_attempts_total{service="qc",operation="analyze",outcome="2xx"} 1',
      'genoflow_upstream_attempts_total{service="qc",operation="analyze",outcome="upstream_timeout"} 1',
      'genoflow_upstream_attempt_duration_seconds_count{service="qc"} 2',
      'genoflow_upstream_breaker_state{service="qc",endpoint="0"} 2',
      'genoflow_upstream_endpoint_up{service="qc",endpoint="0"} 0',
      'genoflow_upstream_retries_total{service="qc"} 1',
      'genoflow_rate_limit_decisions_total{limit="caller",allowed="false"} 1',
      'genoflow_cache_lookups_total{operation="list",hit="true"} 1',
      'genoflow_state_store_up{store="redis"} 1',
      'genoflow_access_refused_total{code="forbidden"} 1',
      'genoflow_sessions_total{change="login"} 1',
    ])
      expect(text).toContain(`${line}\n`);
  });

  it('count sources of keys that fail, each once and until it is well, and name none', async () => {
    const read = (name: string, outcome: 'failed' | 'changed' | 'unchanged'): void => {
      verificationKeysRead.publish({ source: 'issuer', name, outcome, faults: [] });
    };
    read('https://one.example', 'failed');
    read('https://one.example', 'failed');
    read('https://two.example', 'failed');
    read('https://three.example', 'changed');
    expect(await register.metrics()).toContain('genoflow_key_sources_failing{source="issuer"} 2\n');
    read('https://one.example', 'unchanged');
    const text = await register.metrics();
    expect(text).toContain('genoflow_key_sources_failing{source="issuer"} 1\n');
    expect(text).not.toContain('.example');
  });

  it('are those of the table, each with its help', async () => {
    const text = await register.metrics();
    const shown = [...text.matchAll(/# TYPE (genoflow_\S+) (\S+)/g)].map(([, name, type]) => [name, type]);
    expect(shown.sort()).toEqual(
      Object.values(METRICS)
        .map(({ name, type }) => [name, type])
        .sort(),
    );
    Object.values(METRICS).forEach(({ name, help }) => expect(text).toContain(`# HELP ${name} ${help}\n`));
  });

  it('leave the registry when the gateway closes, and stop counting', () => {
    metrics.onApplicationShutdown();
    expect(register.getSingleMetric(METRICS.httpRequests.name)).toBeUndefined();
    expect(exchangeClosed.hasSubscribers).toBe(false);
  });
});

describe('the number of series', () => {
  it('is bounded for one metric; what is over is counted as other', async () => {
    const series = new NumberSeries(METRICS.accessRefused);
    for (let index = 0; index < 2_100; index += 1) series.increment(`code-${index}`);
    const { values } = await series.get();
    expect(values).toHaveLength(2_001);
    expect(values.find(({ labels }) => labels['code'] === 'other')?.value).toBe(100);
  });

  it('is bounded for routes', async () => {
    const metrics = new ExchangeMetrics();
    for (let index = 0; index < 600; index += 1) metrics.count(closed({ route: `/r/${index}` }));
    const [requests] = metrics.metrics;
    const values = (await requests?.get())?.values ?? [];
    expect(values.length).toBeLessThanOrEqual(502);
    expect(values.find(({ labels }) => labels['route'] === 'unmatched')?.value).toBeGreaterThanOrEqual(99);
  });
});

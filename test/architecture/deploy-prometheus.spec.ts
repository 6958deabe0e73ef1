import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROMETHEUS_EXPRESSIONS } from '../../src/backends/monitoring/prometheus-figures.js';
import { METRICS } from '../../src/telemetry/metrics/metric-table.js';
import { hasTool, runTool } from '../support/external-tool.js';
import { readYaml } from '../support/yaml-documents.js';

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: { readonly severity: string };
      readonly annotations: { readonly summary: string; readonly description: string };
    }[];
  }[];
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

interface PrometheusConfig {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly metrics_path: string;
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
  }[];
}

const DIRECTORY = 'deploy/prometheus';
const config = readYaml<PrometheusConfig>(join(DIRECTORY, 'prometheus.yml'));
const ruleFiles = readdirSync(join(DIRECTORY, 'rules')).map((name) => join(DIRECTORY, 'rules', name));
const rules = ruleFiles.flatMap((path) => readYaml<RuleFile>(path).groups.flatMap((group) => group.rules));
const dashboard = JSON.parse(readFileSync('deploy/grafana/genoflow-gateway.json', 'utf8')) as Dashboard;
const panelExpressions = dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr));

const labelsByMetric = new Map(
  Object.values(METRICS).map(({ name, labels }): [string, readonly string[]] => [name, [...labels, 'le']]),
);

/** The gateway's metrics in a PromQL expression, each with the labels its selector asks for. */
const selectorsIn = (expression: string): { name: string; labels: string[] }[] =>
  [...expression.matchAll(/\b(genoflow_[a-z_]+[a-z])(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => ({
    name: name.replace(/_(bucket|sum|count)$/, ''),
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));

const groupingsIn = (expression: string): string[] =>
  [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));

it.each([
  ['the alerts', rules.map((rule) => rule.expr)],
  ['the dashboard', panelExpressions],
  ['the monitoring service', [...PROMETHEUS_EXPRESSIONS]],
])('finds in %s only metrics and labels that the gateway has', (_what, expressions) => {
  const asked = expressions.flatMap(selectorsIn);
  expect(asked.length).toBeGreaterThan(1);
  for (const { name, labels } of asked) {
    expect([...labelsByMetric.keys()]).toContain(name);
    expect(labelsByMetric.get(name)).toEqual(expect.arrayContaining(labels));
  }
  for (const expression of expressions.filter((text) => text.includes('genoflow_'))) {
    const known = selectorsIn(expression).flatMap(({ name }) => labelsByMetric.get(name) ?? []);
    expect(known).toEqual(expect.arrayContaining(groupingsIn(expression)));
  }
});

it('alerts on errors, slowness, breakers, backends, the state store and refused requests', () => {
  expect(rules.map((rule) => rule.alert)).toEqual(
    expect.arrayContaining([
      'GatewayDown',
      'GatewayErrorRatioHigh',
      'GatewayLatencyHigh',
      'BreakerOpen',
      'BackendDown',
      'StateStoreDown',
      'RateLimitSurge',
    ]),
  );
  for (const rule of rules) {
    expect(['critical', 'warning']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).not.toBe('');
    expect(rule.annotations.description).not.toBe('');
  }
});

it('has a case for the rules in promtool’s own test, and no two panels of one id', () => {
  expect(existsSync(join(DIRECTORY, 'tests', 'gateway.yml'))).toBe(true);
  expect(new Set(dashboard.panels.map((panel) => panel.id)).size).toBe(dashboard.panels.length);
});

it('scrapes what docker-compose.yml runs, and reads the rules that are there', () => {
  const compose = readYaml<{ services: Record<string, { environment?: { PORT?: string }; volumes?: string[] }> }>(
    'docker-compose.yml',
  );
  for (const { static_configs: statics, metrics_path: path } of config.scrape_configs) {
    expect(path).toBe('/metrics');
    for (const target of statics.flatMap((entry) => entry.targets)) {
      const [host = '', port] = target.split(':');
      expect(compose.services[host]?.environment?.PORT).toBe(port);
    }
  }
  expect(config.rule_files).toEqual(['rules/*.yml']);
  expect(ruleFiles.length).toBeGreaterThan(0);
  const jobs = [
    ...new Set(rules.flatMap((rule) => [...rule.expr.matchAll(/job="([^"]+)"/g)].map((match) => match[1]))),
  ];
  expect(jobs).toEqual(config.scrape_configs.map((scrape) => scrape.job_name));
});

(hasTool('promtool') ? describe : describe.skip)('promtool', () => {
  const passes = (...args: string[]): void => {
    const { status, stdout, stderr } = runTool('promtool', args);
    expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
  };

  it('accepts the configuration and the rules', () => {
    passes('check', 'config', join(DIRECTORY, 'prometheus.yml'));
    passes('check', 'rules', ...ruleFiles);
  });

  it('sees the alerts fire and keep still as their tests say', () => {
    passes('test', 'rules', join(DIRECTORY, 'tests', 'gateway.yml'));
  });

  it('can parse what the dashboard and the monitoring service ask', () => {
    const expressions = [...panelExpressions, ...PROMETHEUS_EXPRESSIONS].map((text) =>
      text.replaceAll('$__rate_interval', '1m'),
    );
    const directory = mkdtempSync(join(tmpdir(), 'genoflow-rules-'));
    try {
      const file = join(directory, 'expressions.yml');
      const made = expressions.map((expr, index) => ({ record: `asked:${index}`, expr }));
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'asked', rules: made }] }));
      passes('check', 'rules', file);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

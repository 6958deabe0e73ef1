import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS, type MetricRow } from '../../src/telemetry/metrics/metric-table.js';

const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
const table = [...readme.matchAll(/^\| `(genoflow_[a-z_]+)` \| ([a-z]+) \| (.*?) \| (.+?) +\|$/gm)];

describe('the metrics', () => {
  it('stand in README with type, labels and help, and no others do', () => {
    const rows: readonly MetricRow[] = Object.values(METRICS);
    expect(table.map(([, name, type, labels, help]) => ({ name, type, labels, help }))).toEqual(
      rows.map(({ name, type, labels, help }) => ({
        name,
        type,
        labels: labels.map((label) => `\`${label}\``).join(', '),
        help,
      })),
    );
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT_SCHEMA, VARIABLES } from '../../src/kernel/config/variables.js';

const ROOT = join(__dirname, '../..');
const example = new Map(
  readFileSync(join(ROOT, '.env.example'), 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z_]+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
);
const defaults = ENVIRONMENT_SCHEMA.parse({}) as Record<string, unknown>;

describe('.env.example', () => {
  it('names exactly the variables the gateway reads', () => {
    expect([...example.keys()].sort()).toEqual(Object.keys(VARIABLES).sort());
  });

  it.each(Object.keys(VARIABLES))('gives %s its default', (name) => {
    const value = defaults[name];
    expect(example.get(name)).toBe(
      value === undefined || (Array.isArray(value) && value.length === 0) ? '' : String(value),
    );
  });

  it('is accepted as it stands', () => {
    const given = Object.fromEntries([...example].filter(([, value]) => value !== ''));
    expect(ENVIRONMENT_SCHEMA.safeParse(given).success).toBe(true);
  });
});

describe('README', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

  it.each(Object.keys(VARIABLES))('documents %s', (name) => {
    expect(readme).toContain(`\`${name}\``);
  });
});

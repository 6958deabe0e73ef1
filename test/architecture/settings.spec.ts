import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BACKEND_VARIABLES } from '../../src/backends/service/settings.js';
import { ENVIRONMENT_SCHEMA, VARIABLES } from '../../src/kernel/config/variables.js';

const ROOT = join(__dirname, '../..');
/** Handed to the embedded backends by the gateway; nobody sets it. */
const INTERNAL = ['BACKEND_PORTS'];
const ALL = [...new Set([...Object.keys(VARIABLES), ...Object.keys(BACKEND_VARIABLES)])].filter(
  (name) => !INTERNAL.includes(name),
);
const example = new Map(
  readFileSync(join(ROOT, '.env.example'), 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z_]+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
);
const ENVIRONMENT_DEFAULTS = ENVIRONMENT_SCHEMA.parse({}) as Record<string, unknown>;
const BACKEND_DEFAULTS = z.object(BACKEND_VARIABLES).partial({ IDENTITY_SECRET: true }).parse({}) as Record<
  string,
  unknown
>;

describe('.env.example', () => {
  it('names exactly the variables the gateway and its reference backends read', () => {
    expect([...example.keys()].sort()).toEqual([...ALL].sort());
  });

  it.each(ALL)('gives %s its default', (name) => {
    const value = name in VARIABLES ? ENVIRONMENT_DEFAULTS[name] : BACKEND_DEFAULTS[name];
    expect(example.get(name)).toBe(typeof value === 'object' || value === undefined ? '' : `${value as string}`);
  });

  it('is accepted as it stands', () => {
    const given = Object.fromEntries([...example].filter(([, value]) => value !== ''));
    expect(ENVIRONMENT_SCHEMA.safeParse(given).success).toBe(true);
  });
});

describe('README', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

  it.each(ALL)('documents %s', (name) => {
    expect(readme).toContain(`\`${name}\``);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../src/kernel/errors/error-codes.js';

const ROOT = join(__dirname, '../..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const table = new Map(
  [...readme.matchAll(/^\| `([a-z_]+)` \| (\d{3}) \| (.+?) +\|$/gm)].map(([, code, status, detail]) => [
    code,
    `${status} ${detail}`,
  ]),
);
const source = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(
    (file) =>
      file.endsWith('.ts') &&
      !file.endsWith('.spec.ts') &&
      !file.startsWith('backends/') &&
      !file.endsWith('error-codes.ts'),
  )
  .map((file) => readFileSync(join(ROOT, 'src', file), 'utf8'))
  .join('\n');

describe('the error codes', () => {
  it('stand in README with their status and detail, and no others do', () => {
    expect(Object.fromEntries(table)).toEqual(
      Object.fromEntries(
        Object.entries(ERROR_CODES).map(([code, { status, detail }]) => [code, `${status} ${detail}`]),
      ),
    );
  });

  it.each(Object.keys(ERROR_CODES))('%s is given by something', (code) => {
    expect(source.includes(`'${code}'`)).toBe(true);
  });
});

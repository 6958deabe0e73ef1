import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const SRC = join(__dirname, '../../src');

/** Which rooms each room may import; `boot`, `main` and `app.*` join them all. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  backends: [],
  telemetry: ['kernel'],
  upstream: ['kernel'],
  state: ['kernel'],
  audit: ['kernel'],
  flags: ['kernel'],
  traffic: ['kernel', 'state'],
  identity: ['kernel', 'upstream', 'state'],
  edge: ['kernel'],
  health: ['kernel', 'upstream'],
  domains: ['kernel', 'upstream', 'traffic'],
};
/** Domains that may import more than the others. */
const ALSO_ALLOWED: Readonly<Record<string, readonly string[]>> = { 'domains/auth': ['identity'] };
const TYPESCRIPT = /\.ts$/;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => TYPESCRIPT.test(file));
const roomOf = (file: string): string => file.split('/')[0] ?? '';
const domainOf = (file: string): string => file.split('/').slice(0, 2).join('/');

interface Import {
  readonly from: string;
  readonly to: string;
}

const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(join(SRC, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => ({
    from: file,
    to: relative(SRC, resolve(dirname(join(SRC, file)), match[1] ?? '')),
  })),
);

const isJoiner = (file: string): boolean => roomOf(file) === 'boot' || /^(main|app\.[a-z]+)\.ts$/.test(file);

function isAllowed({ from, to }: Import): boolean {
  if (isJoiner(from)) return roomOf(to) !== 'backends';
  if (to.startsWith('..'))
    return (from.endsWith('.spec.ts') || from.includes('/testing/')) && to.startsWith('../test/support/');
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === 'domains' && target === 'domains') return domainOf(from) === domainOf(to);
  return room === target || [...(ALLOWED[room] ?? []), ...(ALSO_ALLOWED[domainOf(from)] ?? [])].includes(target);
}

describe('the rooms of src', () => {
  it('finds imports to judge', () => {
    expect(imports.length).toBeGreaterThan(200);
  });

  it('import only what they may', () => {
    expect(imports.filter((one) => !isAllowed(one)).map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('are all known', () => {
    const rooms = new Set(files.filter((file) => !isJoiner(file)).map(roomOf));
    expect([...rooms].filter((room) => !(room in ALLOWED))).toEqual([]);
  });

  it.each([
    ['process.env', /process\.env/, /^(kernel\/config|main\.ts|boot|backends\/(service|main\.ts))/],
    ['the clock', /\b(Date\.now|performance\.now)\(/, /^(kernel\/clock\.ts|backends\/)/],
    ['default exports', /^export default/m, /^$/],
  ])('keep %s where it belongs', (_what, pattern, where) => {
    const found = files.filter((file) => !file.endsWith('.spec.ts') && !where.test(file));
    expect(found.filter((file) => pattern.test(readFileSync(join(SRC, file), 'utf8')))).toEqual([]);
  });

  it('have no drawer for odds and ends', () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(file))).toEqual([]);
  });

  it('stay readable: no file over 300 lines', () => {
    const long = files.filter((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 301);
    expect(long.filter((file) => !file.endsWith('.spec.ts'))).toEqual([]);
  });
});
